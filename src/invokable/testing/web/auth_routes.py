"""Sign-in on multi-user servers, since 6.12."""

from __future__ import annotations

from typing import Any

from invokable.testing.server.problems import Invalid, Refusal, missing
from invokable.testing.server.users import DAY, Account, Users
from invokable.testing.web.call import Answer, Call
from invokable.testing.web.identity import media_cookie
from invokable.testing.web.route_table import route

_OFF = "Multiuser mode is disabled."
_NO_CREDENTIALS = "Missing authentication credentials"
_AUTH = "/api/v1/auth"


@route("GET", f"{_AUTH}/status", open=True, feature="auth")
def status(call: Call) -> Answer:
    """Whether users have to sign in, and whether there are any."""
    users = call.world.users
    has_admin = any(account.is_admin for account in users.accounts.values())
    return Answer(
        {
            "setup_required": users.multiuser and not has_admin,
            "multiuser_enabled": users.multiuser,
            "strict_password_checking": False,
            "admin_email": None,
        }
    )


@route("POST", f"{_AUTH}/setup", open=True, feature="auth")
def setup(call: Call) -> Answer:
    """Create the first account, once."""
    users = _users(call, "Admin setup is not required in single-user mode.")
    if any(account.is_admin for account in users.accounts.values()):
        raise Refusal(400, "Administrator account already configured")
    account = users.add(_member(call, "email"), _member(call, "password"), _member(call, "display_name"), is_admin=True)
    return Answer({"success": True, "user": _user(call, account)})


@route("POST", f"{_AUTH}/login", open=True, feature="auth")
def login(call: Call) -> Answer:
    """Sign in."""
    users = _users(call, "Authentication is not required in single-user mode.")
    remember = bool(isinstance(call.body, dict) and call.body.get("remember_me"))
    email, password = _member(call, "email"), _member(call, "password")
    try:
        account, token, seconds = users.login(email, password, remember=remember)
    except Refusal as refusal:
        return _unknown(refusal.detail)
    answer = {"token": token, "user": _user(call, account), "expires_in": seconds}
    return Answer(answer, headers={"set-cookie": media_cookie(token, seconds)})


@route("POST", f"{_AUTH}/logout", feature="auth")
def logout(call: Call) -> Answer:
    """Sign out; the token stays valid."""
    if not call.world.users.multiuser:
        return _unknown(_NO_CREDENTIALS)
    return Answer({"success": True}, headers={"set-cookie": media_cookie("", 0)})


@route("GET", f"{_AUTH}/me", open=True, feature="auth")
def me(call: Call) -> Answer:
    """The current user."""
    if call.token is None:
        return _unknown(_NO_CREDENTIALS)
    account, _ = call.world.users.account_of(call.token)
    return Answer(_user(call, account))


@route("PATCH", f"{_AUTH}/me", feature="auth")
def change_me(call: Call) -> Answer:
    """Change the current user's name or password. A new password invalidates all earlier tokens."""
    if not call.world.users.multiuser:
        return _unknown(_NO_CREDENTIALS)
    account, _ = call.world.users.account_of(call.token)
    body: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    if body.get("display_name"):
        account.display_name = body["display_name"]
    headers = {}
    if body.get("new_password"):
        if body.get("current_password") != account.password:
            raise Refusal(400, "Current password is incorrect")
        account.password = body["new_password"]
        account.token_epoch += 1
        headers["set-cookie"] = media_cookie(call.world.users.token(account), DAY)
    return Answer(_user(call, account), headers=headers)


@route("GET", f"{_AUTH}/users", admin=True, feature="auth")
def accounts(call: Call) -> Answer:
    """All users."""
    if not call.world.users.multiuser:
        return _unknown(_NO_CREDENTIALS)
    return Answer([_user(call, account) for account in call.world.users.accounts.values()])


@route("POST", f"{_AUTH}/users", admin=True, feature="auth")
def add_account(call: Call) -> Answer:
    """Create an account."""
    if not call.world.users.multiuser:
        return _unknown(_NO_CREDENTIALS)
    given: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    account = call.world.users.add(
        _member(call, "email"),
        _member(call, "password"),
        given.get("display_name"),
        is_admin=bool(given.get("is_admin")),
    )
    return Answer(_user(call, account), 201)


def _users(call: Call, words: str) -> Users:
    if not call.world.users.multiuser:
        raise Refusal(403, f"{_OFF} {words}")
    return call.world.users


def _member(call: Call, name: str) -> Any:
    if isinstance(call.body, dict) and name in call.body:
        return call.body[name]
    raise Invalid([missing(("body", name), call.body if isinstance(call.body, dict) else None)])


def _unknown(words: str) -> Answer:
    return Answer({"detail": words}, 401, headers={"www-authenticate": "Bearer"})


def _user(call: Call, account: Account) -> dict[str, Any]:
    record = account.to_json()
    if not call.world.release.has("videos"):  # token_epoch came with 6.14, as they did
        del record["token_epoch"]
    return record
