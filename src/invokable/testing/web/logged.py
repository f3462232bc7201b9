"""Logged: logs each request that reaches the server, and its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Note = Callable[[str, str, int | None], None]


class Logged:
    """An ASGI application wrapped with a log."""

    def __init__(self, app: ASGIApp, note: Note) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None
        noted = False

        def note() -> None:
            nonlocal noted
            if not noted:
                noted = True
                self._note(scope["method"], scope["path"], status)

        async def noting(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                note()  # first, so that the log has it when the client has the answer
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            note()
