"""Identity: whose request it is, and whether it may be made."""

from __future__ import annotations

from invokable.testing.server.problems import Refusal
from invokable.testing.web.call import Call
from invokable.testing.web.table import Endpoint


def admit(call: Call, endpoint: Endpoint) -> None:
    """Find out whose request it is. Raises Refusal 401 or 403."""
    users = call.world.users
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    call.token = token.strip() if kind.lower() == "bearer" else None
    if not users.multiuser or endpoint.open:
        return
    account, _ = users.account_of(call.token)
    call.person = account.person
    if endpoint.admin and not account.is_admin:
        raise Refusal(403, "Admin privileges required")


def refreshed_token(call: Call, status: int) -> str | None:
    """The new token that comes with a request that changed something."""
    if not call.world.users.multiuser or call.method == "GET" or status >= 400 or not call.token:
        return None
    try:
        account, claims = call.world.users.account_of(call.token)
    except Refusal:
        return None
    return call.world.users.token(account, remember=claims["remember_me"])
