"""Models: the models of a server."""

from __future__ import annotations

import builtins
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import Any

from invokable.contract.vocabulary import ModelBase, ModelFormat, ModelType
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import check_function, check_list, check_mapping, install_id_of
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.paging import single_page
from invokable.runtime.steps.resources.model_manager import (
    await_install,
    cancel_install,
    change_model,
    control_install,
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
)
from invokable.runtime.values.inputs import ImageInput, Model
from invokable.runtime.values.records import ModelInstall, ModelRecord


class AsyncModels(AsyncRepository):
    """The models of a server.

    A `ModelRecord` is a `Model`, so it can be assigned to an input; it is then looked up by its key. Every method
    raises ConnectionError and APIError. On a multi-user server, only an administrator may install and delete.
    """

    def list(
        self,
        *,
        base: ModelBase | str = "",
        type: ModelType | str = "",  # noqa: A002  (InvokeAI's own name)
        name: str = "",
        format: ModelFormat | str = "",  # noqa: A002
    ) -> AsyncIterator[ModelRecord]:
        """The models with that base (`sd-1`), type (`main`), name and format (`diffusers`); by default all.

        Raises APIError, with the nearest word, for a base, type or format that the server does not know.
        """
        return self._each(single_page(list_records(base=base, type=type, name=name, format=format)))

    async def get(self, key: str) -> ModelRecord:
        """The model with that key. Raises NotFoundError."""
        return await self._drive(get_model(key))

    async def find(self, model: Model | str) -> ModelRecord:
        """The model that a reference points to: by key, else by hash, else by name, base and type, as far as given.

        A text is a name, or else a key or a hash. Raises NotFoundError if there is none, or several.
        """
        return await self._drive(find_model_record(model, self._cache))

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
        """Install a model and wait until it is installed.

        Args:
            source: A path on the server, a URL, or a Hugging Face repository (`stabilityai/sd-turbo`).
            inplace: Whether to leave a file on the server where it is, instead of copying it.
            access_token: Sent to the site that the model is downloaded from.
            config: Values that override what the server detects: `name`, `description`, `base` …
            timeout: Seconds to wait; the installation continues after a timeout. None waits forever.
            on_progress: Called with a `ModelInstall` after each change.

        Raises ModelInstallError if it fails, is canceled or times out, APIError for an unknown kind of source,
        ValueError for an empty one, and TypeError and ValueError for a config that is not JSON. An interrupt does not
        stop the installation.
        """
        _check_report(on_progress)
        deadline = Deadline.after(timeout, time.monotonic)
        install = await self.start_install(source, inplace=inplace, access_token=access_token, config=config)
        return await self._drive(await_install(install, self._cache, deadline, on_progress))

    async def start_install(
        self,
        source: str,
        *,
        inplace: bool = False,
        access_token: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> ModelInstall:
        """Start installing a model, without waiting. Takes the same arguments as `install`."""
        check_mapping("config", config)
        steps = start_install(source, inplace=inplace, token=access_token, config=dict(config or {}))
        return await self._drive(steps)

    async def wait(
        self,
        install: ModelInstall | int,
        *,
        timeout: float | None = None,
        on_progress: Callable[[ModelInstall], object] | None = None,
    ) -> ModelRecord:
        """Wait for an installation that was started earlier, given itself or by its id.

        Takes the same arguments as `install`, and raises the same exceptions; NotFoundError for an unknown id.
        """
        _check_report(on_progress)
        deadline = Deadline.after(timeout, time.monotonic)
        given = install if isinstance(install, ModelInstall) else install_id_of(install)
        return await self._drive(await_install(given, self._cache, deadline, on_progress))

    async def installs(self) -> builtins.list[ModelInstall]:
        """All installations since the server started."""
        return await self._drive(list_installs())

    async def get_install(self, install_id: ModelInstall | int) -> ModelInstall:
        """The present state of an installation. Raises NotFoundError."""
        return await self._drive(get_install(install_id_of(install_id)))

    async def cancel_install(self, install: ModelInstall | int) -> ModelInstall:
        """Cancel an installation that has not ended. Raises NotFoundError."""
        return await self._drive(cancel_install(install_id_of(install)))

    async def pause_install(self, install: ModelInstall | int) -> ModelInstall:
        """Pause a download. Requires InvokeAI 6.13. Raises NotFoundError and UnsupportedError."""
        return await self._drive(control_install(install_id_of(install), "pause", self._cache))

    async def resume_install(self, install: ModelInstall | int) -> ModelInstall:
        """Resume a paused download. Requires InvokeAI 6.13. Raises NotFoundError and UnsupportedError."""
        return await self._drive(control_install(install_id_of(install), "resume", self._cache))

    async def restart_install(self, install: ModelInstall | int) -> ModelInstall:
        """Download the failed files of an installation again. Requires InvokeAI 6.13.

        Raises NotFoundError and UnsupportedError.
        """
        return await self._drive(control_install(install_id_of(install), "restart_failed", self._cache))

    async def prune_installs(self) -> None:
        """Remove installations that have ended from the server's list. The models are kept."""
        await self._drive(prune_installs())

    async def scan(self, folder: str) -> tuple[str, ...]:
        """The paths of models in and below a folder on the server that are not installed.

        Raises APIError for a folder that the server cannot read.
        """
        return await self._drive(scan_folder(folder))

    async def update(
        self,
        model: Model | str,
        *,
        name: str | None = None,
        description: str | None = None,
        trigger_phrases: Collection[str] | None = None,
        default_settings: Mapping[str, Any] | None = None,
    ) -> ModelRecord:
        """Change what the server stores about a model; None leaves a value unchanged.

        Args:
            default_settings: What the editor sets when the model is selected, such as `steps` and `width`; for a LoRA,
                its `weight`.

        Raises NotFoundError, and TypeError for trigger phrases that are not a list.
        """
        given = {"name": name, "description": description, "default_settings": default_settings}
        changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if trigger_phrases is not None:
            check_list("trigger_phrases", trigger_phrases, "red fox")
            changes["trigger_phrases"] = sorted(set(trigger_phrases))
        return await self._drive(change_model(model, changes, self._cache))

    async def image(self, model: Model | str) -> bytes | None:
        """The picture shown beside a model, as PNG or WebP, or None. Raises NotFoundError."""
        return await self._drive(model_image(model, self._cache))

    async def set_image(self, model: Model | str, image: ImageInput) -> None:
        """Set the picture shown beside a model; the server scales it down.

        Raises OSError and TypeError for a file that cannot be read, NotFoundError, and APIError if it is not a picture.
        """
        file = await self._picture(image)
        await self._drive(set_model_image(model, file, self._cache))

    async def delete_image(self, model: Model | str) -> None:
        """Remove the picture shown beside a model. Raises NotFoundError."""
        await self._drive(delete_model_image(model, self._cache))

    async def empty_cache(self) -> None:
        """Unload the models in the server's memory. Raises UnsupportedError for a server before 5.6."""
        await self._drive(empty_model_cache(self._cache))

    async def delete(self, model: Model | str) -> None:
        """Delete a model, and its files if they are in InvokeAI's own folder. Raises NotFoundError."""
        await self._drive(delete_model(model, self._cache))


def _check_report(on_progress: object) -> None:
    check_function("on_progress", on_progress, "a ModelInstall after each change")
