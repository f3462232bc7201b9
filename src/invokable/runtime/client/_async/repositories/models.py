"""Models: those of a server."""

from __future__ import annotations

import builtins
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.steps.model_records import (
    await_install,
    cancel_install,
    delete_model,
    find_model_record,
    get_install,
    get_model,
    list_installs,
    list_records,
    start_install,
)
from invokable.runtime.steps.paging import at_once
from invokable.runtime.values.inputs import Model
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
        return await self._drive(cancel_install(install if isinstance(install, int) else install.id))

    async def delete(self, model: Model | str) -> None:
        """Delete a model, and its files where InvokeAI keeps them. Raises NotFoundError."""
        await self._drive(delete_model(model, self._known))
