"""Models: those of a server."""

from __future__ import annotations

import builtins
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from invokable.runtime.client._async.concurrency import in_thread
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.model_records import (
    await_install,
    cancel_install,
    change_model,
    delete_model,
    delete_model_image,
    empty_model_cache,
    find_model_record,
    get_install,
    get_model,
    list_installs,
    list_records,
    model_image,
    prune_installs,
    scan_folder,
    set_model_image,
    start_install,
    steer_install,
)
from invokable.runtime.steps.paging import at_once
from invokable.runtime.steps.protocol import Read
from invokable.runtime.values.inputs import ImageInput, Model
from invokable.runtime.values.records import ModelInstall, ModelRecord


class AsyncModels(AsyncRepository):
    """The models of a server.

    A `ModelRecord` is a `Model`: an input takes it as it is, and it is found by its key. Every method raises
    ConnectionError and APIError; on a server of several users, only an administrator may install and delete.
    """

    def list(
        self,
        *,
        base: str = "",
        type: str = "",  # noqa: A002  (InvokeAI's own name)
        name: str = "",
        format: str = "",  # noqa: A002
    ) -> AsyncIterator[ModelRecord]:
        """The models of that base (`sd-1`), type (`main`), name and format (`diffusers`); all, where none is given."""
        return self._each(at_once(list_records(base=base, type=type, name=name, format=format)))

    async def get(self, key: str) -> ModelRecord:
        """The model of that key. Raises NotFoundError."""
        return await self._drive(get_model(key))

    async def find(self, model: Model | str) -> ModelRecord:
        """The model that a reference means: by key, else by hash, else by name, with base and type if it has them.

        Raises NotFoundError when there is none, or several.
        """
        return await self._drive(find_model_record(model, self._known))

    async def install(
        self,
        source: str,
        *,
        inplace: bool = False,
        access_token: str | None = None,
        config: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        on_progress: Callable[[ModelInstall], object] | None = None,
    ) -> ModelRecord:
        """Install a model and wait for it.

        Args:
            source: A path on the server, a URL, or a repository on Hugging Face (`stabilityai/sd-turbo`).
            inplace: Whether a file on the server stays where it is, instead of being copied.
            access_token: Sent along to where the model is downloaded from.
            config: What is said of the model instead of what the server finds: `name`, `description`, `base` …
            timeout: Seconds to wait; the server goes on afterwards. None waits for ever.
            on_progress: Called with a `ModelInstall` whenever something has changed.

        Raises ModelInstallError when it fails, is cancelled, or takes too long. An interrupt leaves it running.
        """
        install = await self.start_install(source, inplace=inplace, access_token=access_token, config=config)
        return await self.wait(install, timeout=timeout, on_progress=on_progress)

    async def start_install(
        self,
        source: str,
        *,
        inplace: bool = False,
        access_token: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> ModelInstall:
        """Have the server begin to install a model; the arguments are those of `install`."""
        steps = start_install(source, inplace=inplace, token=access_token, config=dict(config or {}))
        return await self._drive(steps)

    async def wait(
        self,
        install: ModelInstall,
        *,
        timeout: float | None = None,
        on_progress: Callable[[ModelInstall], object] | None = None,
    ) -> ModelRecord:
        """Wait for an installation that was begun before; the arguments are those of `install`."""
        return await self._drive(await_install(install, self._known, time.monotonic, timeout, on_progress))

    async def installs(self) -> builtins.list[ModelInstall]:
        """All installations since the server was started."""
        return await self._drive(list_installs())

    async def get_install(self, install_id: int) -> ModelInstall:
        """How far an installation is. Raises NotFoundError."""
        return await self._drive(get_install(install_id))

    async def cancel_install(self, install: ModelInstall | int) -> ModelInstall:
        """Cancel an installation that has not ended. Raises NotFoundError."""
        return await self._drive(cancel_install(_id_of(install)))

    async def pause_install(self, install: ModelInstall | int) -> ModelInstall:
        """Pause a download. Takes InvokeAI 6.13. Raises NotFoundError and UnsupportedError."""
        return await self._drive(steer_install(_id_of(install), "pause", self._known))

    async def resume_install(self, install: ModelInstall | int) -> ModelInstall:
        """Go on with a download that was paused. Takes InvokeAI 6.13. Raises NotFoundError and UnsupportedError."""
        return await self._drive(steer_install(_id_of(install), "resume", self._known))

    async def restart_install(self, install: ModelInstall | int) -> ModelInstall:
        """Download again what failed of an installation. Takes InvokeAI 6.13.

        Raises NotFoundError and UnsupportedError.
        """
        return await self._drive(steer_install(_id_of(install), "restart_failed", self._known))

    async def prune_installs(self) -> None:
        """Have the server forget the installations that have ended. The models stay."""
        await self._drive(prune_installs())

    async def scan(self, folder: str) -> tuple[str, ...]:
        """The paths of the models in a folder of the server, and below it, that are not installed.

        Raises APIError for a folder that the server cannot read.
        """
        return await self._drive(scan_folder(folder))

    async def update(
        self,
        model: Model | str,
        *,
        name: str | None = None,
        description: str | None = None,
        trigger_phrases: Iterable[str] | None = None,
        default_settings: Mapping[str, Any] | None = None,
    ) -> ModelRecord:
        """Change what the server says of a model; None leaves a thing as it is.

        Args:
            default_settings: What the editor sets when the model is chosen, such as `steps` and `width`; for a LoRA
                its `weight`.

        Raises NotFoundError.
        """
        given = {"name": name, "description": description, "default_settings": default_settings}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if trigger_phrases is not None:
            changes["trigger_phrases"] = sorted(set(trigger_phrases))
        return await self._drive(change_model(model, changes, self._known))

    async def image(self, model: Model | str) -> bytes | None:
        """The picture that is shown beside a model, as PNG or WebP; None where it has none. Raises NotFoundError."""
        return await self._drive(model_image(model, self._known))

    async def set_image(self, model: Model | str, image: ImageInput) -> None:
        """Show a picture beside a model; the server makes it small.

        Raises OSError and TypeError for what cannot be read, NotFoundError, and APIError for what is no picture.
        """
        file = await in_thread(read_file, Read(image, "image"))
        await self._drive(set_model_image(model, file, self._known))

    async def delete_image(self, model: Model | str) -> None:
        """Show no picture beside a model. Raises NotFoundError."""
        await self._drive(delete_model_image(model, self._known))

    async def empty_cache(self) -> None:
        """Have the server drop the models that it holds in memory. Raises UnsupportedError for one before 5.6."""
        await self._drive(empty_model_cache(self._known))

    async def delete(self, model: Model | str) -> None:
        """Delete a model, and its files where InvokeAI keeps them. Raises NotFoundError."""
        await self._drive(delete_model(model, self._known))


def _id_of(install: ModelInstall | int) -> int:
    return install if isinstance(install, int) else install.id
