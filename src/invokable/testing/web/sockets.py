"""Sockets: events over Socket.IO on a websocket at `/ws/socket.io/`.

In single-user mode a socket is in the rooms of the user, the administrators and, after subscribing, the queue; 6.12
and 6.13 send to the first two rooms separately, so that every event arrives twice.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from invokable.testing.server.events import Event
from invokable.testing.server.problems import Refusal
from invokable.testing.server.rows import Person
from invokable.testing.server.users import SYSTEM
from invokable.testing.web.loop import Loop
from invokable.testing.world import World

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_PATH: Final = "/ws/socket.io/"
_QUIET: Final = {"logger": False, "engineio_logger": False}


class Sockets:
    """The event sockets of one run of the server. python-socketio loads with the first one."""

    def __init__(self, world: World, loop: Loop) -> None:
        self._world = world
        self._loop = loop
        self._server: Any = None
        self._app: Any = None
        self._people: dict[str, Person] = {}
        self._subscribed: dict[str, set[str]] = {}
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a socket or the request for one."""
        if self._app is None:
            self._open()
        await self._app(scope, receive, send)

    def publish(self, event: Event) -> None:
        """Send an event to the users who may see it. May be called from any thread; the order is kept."""
        if self._people:
            self._loop.loop.call_soon_threadsafe(self._events.put_nowait, event)

    def drop(self) -> None:
        """Drop all sockets; clients may reconnect."""
        self._loop.spawn(self._disconnect())

    def end(self) -> None:
        """Close all sockets permanently."""
        self.drop()
        self._people.clear()

    def _open(self) -> None:
        import socketio  # type: ignore[import-untyped,unused-ignore]

        self._server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", **_QUIET)
        self._app = socketio.ASGIApp(self._server, socketio_path=_PATH)
        for name in ("connect", "disconnect"):
            self._server.on(name, getattr(self, f"_{name}"))
        for name in ("subscribe_queue", "unsubscribe_queue", "subscribe_bulk_download", "unsubscribe_bulk_download"):
            self._server.on(name, getattr(self, f"_{name}"))
        asyncio.get_running_loop().create_task(self._pump())

    async def _pump(self) -> None:
        while True:
            event = await self._events.get()
            for sid, payload in self._receivers(event):
                await self._server.emit(event.name, payload, to=sid)

    def _receivers(self, event: Event) -> list[tuple[str, dict[str, Any]]]:
        """The sockets that receive an event, as often as they do, and their payloads."""
        copies = self._world.release.copies.get(event.kind, 1)
        rooms = self._world.release.has("auth")
        found: list[tuple[str, dict[str, Any]]] = []
        for sid, person in self._people.items():
            subscribed = event.queue_id in self._subscribed[sid]
            if not rooms:
                if subscribed or event.queue_id is None:
                    found.append((sid, event.payload))
            elif person.sees(event.user_id):
                if self._needs_room(event) and not subscribed:
                    continue
                found += [(sid, event.payload)] * (copies if person.is_admin else 1)
            elif event.sanitized is not None and subscribed:
                found.append((sid, event.sanitized))
        return _without_preview_twice(event, found)

    def _needs_room(self, event: Event) -> bool:
        # In 6.12 the status went to subscribers.
        return event.kind in ("status", "queue") and not self._world.release.has("status_sequence")

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> bool:
        users = self._world.users
        if not users.multiuser:
            self._people[sid] = SYSTEM
        else:
            given = auth.get("token") if isinstance(auth, dict) else None
            header = environ.get("HTTP_AUTHORIZATION", "")
            try:
                account, _ = users.account_of(given or header.removeprefix("Bearer ") or None)
            except Refusal:
                return False
            self._people[sid] = account.person
        self._subscribed[sid] = set()
        return True

    async def _disconnect(self, sid: str | None = None, *_: Any) -> None:
        if sid is not None:
            self._people.pop(sid, None)
            self._subscribed.pop(sid, None)
            return
        for one in list(self._people):
            if self._server is not None:
                await self._server.disconnect(one)

    async def _subscribe_queue(self, sid: str, data: Any) -> None:
        self._subscribed[sid].add(data["queue_id"])

    async def _unsubscribe_queue(self, sid: str, data: Any) -> None:
        self._subscribed[sid].discard(data["queue_id"])

    async def _subscribe_bulk_download(self, sid: str, data: Any) -> None:
        self._subscribed[sid].add(data["bulk_download_id"])

    async def _unsubscribe_bulk_download(self, sid: str, data: Any) -> None:
        self._subscribed[sid].discard(data["bulk_download_id"])


def _without_preview_twice(event: Event, found: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Remove the image from the second copy of a progress event."""
    if event.name != "invocation_progress" or not event.payload.get("image"):
        return found
    bare = {**event.payload, "image": None}
    seen: set[str] = set()
    shown = []
    for sid, payload in found:
        shown.append((sid, bare if sid in seen else payload))
        seen.add(sid)
    return shown
