"""Style presets: the style presets of a server."""

from __future__ import annotations

from collections.abc import Iterator

from invokable.runtime.client._sync.repositories.repository import Repository
from invokable.runtime.steps.exchange.paging import single_page
from invokable.runtime.steps.resources.style_presets import (
    PresetChanges,
    change_preset,
    create_preset,
    delete_preset,
    find_preset,
    get_preset,
    list_presets,
    preset_image,
)
from invokable.runtime.values.inputs import ImageInput, StylePreset
from invokable.runtime.values.records import StylePresetRecord


class StylePresets(Repository):
    """The style presets of a server. Every method raises ConnectionError and APIError.

    A `StylePresetRecord` is a `StylePreset`, so it can be assigned to an input.
    """

    def list(self) -> Iterator[StylePresetRecord]:
        """All style presets."""
        return self._each(single_page(list_presets()))

    def get(self, preset_id: str) -> StylePresetRecord:
        """The style preset with that id. Raises NotFoundError."""
        return self._drive(get_preset(preset_id))

    def find(self, name: str) -> StylePresetRecord:
        """The style preset with that name. Raises NotFoundError if there is none, or several."""
        return self._drive(find_preset(name))

    def create(
        self,
        name: str,
        *,
        positive_prompt: str = "{prompt}",
        negative_prompt: str = "",
        image: ImageInput | None = None,
        shared: bool = False,
    ) -> StylePresetRecord:
        """Create a style preset. A run's own prompt replaces `{prompt}`; `image` is shown beside the name.

        `shared` makes it visible to other users of the server; this requires InvokeAI 6.13.

        Raises OSError and TypeError for an image that cannot be read, and UnsupportedError.
        """
        file = None if image is None else self._picture(image)
        return self._drive(create_preset(name, positive_prompt, negative_prompt, file, self._cache, shared=shared))

    def update(
        self,
        preset: StylePreset | str,
        *,
        name: str | None = None,
        positive_prompt: str | None = None,
        negative_prompt: str | None = None,
        image: ImageInput | None = None,
        remove_image: bool = False,
        shared: bool | None = None,
    ) -> StylePresetRecord:
        """Change a style preset, given as its name or a `StylePreset`; None leaves a value unchanged.

        `remove_image` removes its picture.

        Raises OSError and TypeError for an image that cannot be read, NotFoundError, UnsupportedError, and
        InvokableError for a preset that comes with InvokeAI.
        """
        file = None if image is None else self._picture(image)
        changes = PresetChanges(
            name=name, positive_prompt=positive_prompt, negative_prompt=negative_prompt, shared=shared
        )
        return self._drive(change_preset(preset, changes, file, self._cache, without_image=remove_image))

    def image(self, preset: StylePreset | str) -> bytes | None:
        """The picture shown beside a style preset, as PNG or WebP, or None.

        Raises NotFoundError.
        """
        return self._drive(preset_image(preset))

    def delete(self, preset: StylePreset | str) -> None:
        """Delete a style preset, given as its name or a `StylePreset` with its id.

        Raises NotFoundError, and InvokableError for one that comes with InvokeAI.
        """
        self._drive(delete_preset(preset))
