"""App: the ASGI application. Reads a request, runs its handler, and answers like the server.

    request ─ faults ─ sockets │ identity ─ body ─ handler ─ JSON, gzip ─ answer

Since 6.12, the server answers GET on unknown paths with a web page.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from invokable.testing.server.problems import Broken, Detail, Invalid, Refusal
from invokable.testing.web import (  # noqa: F401  (they fill the table)
    auth_routes,
    board_routes,
    image_routes,
    library_routes,
    model_routes,
    preset_routes,
    queue_routes,
    server_routes,
    video_routes,
)
from invokable.testing.web.call import Answer, Call, Upload
from invokable.testing.web.identity import admit, refreshed_token
from invokable.testing.web.route_table import ENDPOINTS, Endpoint
from invokable.testing.world import World

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LARGE: Final = 1000
_PAGE: Final = b'<!DOCTYPE html>\n<html lang="en">\n<head><title>Invoke</title></head>\n<body></body>\n</html>\n'
_NO_STORE: Final = {"cache-control": "max-age=0, no-cache, no-store, , must-revalidate", "pragma": "no-cache"}
_SOCKETS: Final = "/ws/socket.io"


class App:
    """One run of the server, from start to crash."""

    def __init__(self, world: World, sockets: ASGIApp | None = None) -> None:
        self._world = world
        self._sockets = sockets
        self._routes = [
            (Route(endpoint.path, _nothing, methods=[endpoint.method]), endpoint)
            for endpoint in ENDPOINTS
            if endpoint.is_in(world.release)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a socket."""
        if scope["type"] not in ("http", "websocket"):
            return
        if scope["path"].startswith(_SOCKETS) and self._sockets is not None and not self._breaks(scope):
            await self._sockets(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return  # the body was incomplete
        await _response(answer, request)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        if request.url.path.startswith(_SOCKETS):
            return _broken()
        endpoint, params = self._find(request)
        if endpoint is None:
            return _unknown(request.method, html=self._world.release.has("html_for_unknown"))
        call = Call(
            self._world,
            request.method,
            request.url.path,
            params,
            request.query_params.multi_items(),
            request.headers,
        )
        try:
            admit(call, endpoint)
            await _read_body(call, request, endpoint)
            if endpoint.slow:
                answer = await asyncio.to_thread(endpoint.handler, call)
            else:
                answer = endpoint.handler(call)
        except Invalid as invalid:
            return Answer({"detail": [detail.to_json() for detail in invalid.details]}, 422)
        except Broken:
            return _broken()
        except Refusal as refusal:
            return Answer({"detail": refusal.detail}, refusal.status)
        if token := refreshed_token(call, answer.status):
            answer.headers["x-refreshed-token"] = token
        return answer

    def _breaks(self, scope: Scope) -> bool:
        # Since 6.14 long polling fails if the client accepts gzip: only websockets work.
        packed = any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        return scope["type"] == "http" and packed and self._world.release.has("polling_breaks")

    def _find(self, request: Request) -> tuple[Endpoint | None, dict[str, str]]:
        for route, endpoint in self._routes:
            match, found = route.matches(request.scope)
            if match is Match.FULL and (request.method != "HEAD" or endpoint.method == "HEAD"):
                return endpoint, found["path_params"]
        return None, {}


async def _nothing(request: Request) -> Response:
    raise AssertionError("routes only match here")


async def _read_body(call: Call, request: Request, endpoint: Endpoint) -> None:
    if endpoint.form:
        form = await request.form()
        for name, value in form.multi_items():
            if isinstance(value, str):
                call.form = {**call.form, name: value}
            elif name in ("file", "image"):
                call.file = Upload(await value.read(), value.content_type or "", value.filename or "")
        await form.close()
        return
    body = await request.body()
    if body:
        is_json = "json" in request.headers.get("content-type", "")
        call.body = _parsed(body) if is_json else body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        context = {"error": error.msg}
        raise Invalid([Detail("json_invalid", ("body", error.pos), "JSON decode error", {}, context)]) from None
    except ValueError:
        raise Refusal(400, "There was an error parsing the body") from None


def _broken() -> Answer:
    return Answer(status=500, content=b"Internal Server Error", content_type="text/plain; charset=utf-8")


def _unknown(method: str, *, html: bool) -> Answer:
    if method not in ("GET", "HEAD"):
        return Answer({"detail": "Method Not Allowed"}, 405, headers={"allow": "GET, HEAD"} if html else {})
    if html:
        return Answer(content=_PAGE, content_type="text/html; charset=utf-8", headers=dict(_NO_STORE))
    return Answer({"detail": "Not Found"}, 404)


def _response(answer: Answer, request: Request) -> Response:
    content = answer.content
    if content is None:
        content = json.dumps(answer.value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    headers = dict(answer.headers)
    if not answer.content_type.startswith(("image/", "video/", "application/zip")):
        headers["vary"] = "Accept-Encoding"
        if len(content) >= _LARGE and "gzip" in request.headers.get("accept-encoding", ""):
            content = gzip.compress(content, 1)
            headers["content-encoding"] = "gzip"
    # Starlette adds a charset only to text types, and these already have one.
    headers["content-type"] = answer.content_type
    return Response(content, answer.status, headers)
