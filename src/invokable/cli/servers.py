"""Servers: access to a running InvokeAI server for builds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeVar

from invokable.codegen import BuildError
from invokable.contract.server import TOKEN

if TYPE_CHECKING:
    from invokable import Client

T = TypeVar("T")


class AskServer:
    """Access to servers over HTTP, with the token in `INVOKEAI_TOKEN`."""

    def schema(self, url: str) -> tuple[Mapping[str, object], str]:
        """The openapi document of a server, and its version. Raises BuildError."""
        return _ask(url, lambda client: (client.openapi(), client.version()))

    def models(self, url: str) -> Iterable[Mapping[str, object]]:
        """The models in a server's list. Raises BuildError."""
        return _ask(url, lambda client: [model.config for model in client.models.list()])


def client_of(url: str, token: str | None, *, option: str = "--server", token_from: str = "--token") -> Client:
    """A client for the URL and token of a command line or the environment. Raises BuildError if one is invalid."""
    from invokable import Client

    try:
        return Client(url, token=token)
    except ValueError as error:
        raise BuildError(token_from if str(error).startswith("the token") else option, str(error)) from None


def _ask(url: str, question: Callable[[Client], T]) -> T:
    from invokable import InvokableError

    try:
        with client_of(url, os.environ.get(TOKEN) or None, token_from=TOKEN) as client:
            return question(client)
    except InvokableError as error:
        raise BuildError.of_server(url, error) from None
