"""Style presets: those of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator

from invokable.runtime.client._async.concurrency import in_thread
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.paging import at_once
from invokable.runtime.steps.protocol import Read
from invokable.runtime.steps.style_presets import create_preset, delete_preset, find_preset, get_preset, list_presets
from invokable.runtime.values.inputs import ImageInput, StylePreset
from invokable.runtime.values.records import StylePresetRecord


class AsyncStylePresets(AsyncRepository):
    """The style presets of a server. Every method raises ConnectionError and APIError.

    A `StylePresetRecord` is a `StylePreset`: an input takes it as it is.
    """

    def list(self) -> AsyncIterator[StylePresetRecord]:
        """All style presets."""
        return self._each(at_once(list_presets()))

    async def get(self, preset_id: str) -> StylePresetRecord:
        """The style preset of that id. Raises NotFoundError."""
        return await self._drive(get_preset(preset_id))

    async def find(self, name: str) -> StylePresetRecord:
        """The style preset of that name. Raises NotFoundError when there is none, or several."""
        return await self._drive(find_preset(name))

    async def create(
        self,
        name: str,
        *,
        positive_prompt: str = "{prompt}",
        negative_prompt: str = "",
        image: ImageInput | None = None,
    ) -> StylePresetRecord:
        """Make a style preset. A run's own prompt takes the place of `{prompt}`; `image` is shown beside the name.

        Raises OSError and TypeError for an image that cannot be read.
        """
        file = None if image is None else await in_thread(read_file, Read(image, "image"))
        return await self._drive(create_preset(name, positive_prompt, negative_prompt, file))

    async def delete(self, preset: StylePreset | str) -> None:
        """Delete a style preset, given by its name, or as a `StylePreset` with its id.

        Raises NotFoundError, and InvokableError for one that comes with InvokeAI.
        """
        await self._drive(delete_preset(preset))
