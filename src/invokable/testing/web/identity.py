"""Identity: who makes a request, and whether it is allowed."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from invokable.testing.server.problems import Refusal
from invokable.testing.web.call import Call
from invokable.testing.web.route_table import Endpoint

COOKIE: Final = "invokeai_media_token"


def admit(call: Call, endpoint: Endpoint) -> None:
    """Identify the user of a request. Raises Refusal 401 or 403."""
    users = call.world.users
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    call.token = token.strip() if kind.lower() == "bearer" else None
    if not users.multiuser or endpoint.open:
        return
    account, call.claims = users.account_of(call.token or (_cookie(call) if endpoint.cookie else None))
    call.account, call.person = account, account.person
    if endpoint.admin and not account.is_admin:
        raise Refusal(403, "Admin privileges required")


def refreshed_token(call: Call, status: int) -> str | None:
    """The new token in the answer to a request that changed something."""
    if call.account is None or call.method in ("GET", "HEAD") or status >= 400 or call.path.endswith("/auth/logout"):
        return None
    return call.world.users.token(call.account, remember=call.claims["remember_me"])


def media_cookie(token: str, seconds: int) -> str:
    """The header that stores a token for images in a browser."""
    return f"{COOKIE}={token}; HttpOnly; Max-Age={seconds}; Path=/api/v1; SameSite=lax"


def _cookie(call: Call) -> str | None:
    try:
        found = SimpleCookie(call.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
