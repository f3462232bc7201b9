"""Sign-in, for servers with several users; since 6.12."""

from __future__ import annotations

from typing import Any

from invokable.testing.server.clock import iso_in
from invokable.testing.server.problems import Refusal
from invokable.testing.server.users import Account, Users
from invokable.testing.web.call import Answer, Call
from invokable.testing.web.table import route

_OFF = "Multiuser mode is disabled."
_AUTH = "/api/v1/auth"


@route("GET", f"{_AUTH}/status", open=True, feature="auth")
def status(call: Call) -> Answer:
    """Whether users sign in, and whether there is one."""
    users = call.world.users
    admin = next((account.email for account in users.accounts.values() if account.is_admin), None)
    return Answer(
        {
            "setup_required": users.multiuser and admin is None,
            "multiuser_enabled": users.multiuser,
            "strict_password_checking": False,
            "admin_email": admin,
        }
    )


@route("POST", f"{_AUTH}/setup", open=True, feature="auth")
def setup(call: Call) -> Answer:
    """Make the first account, once."""
    users = _users(call, "Admin setup is not required in single-user mode.")
    if any(account.is_admin for account in users.accounts.values()):
        raise Refusal(400, "Administrator account already configured")
    account = users.add(call.member("email"), call.member("password"), call.member("display_name"), is_admin=True)
    return Answer({"success": True, "user": _user(call, account)})


@route("POST", f"{_AUTH}/login", open=True, feature="auth")
def login(call: Call) -> Answer:
    """Sign in."""
    users = _users(call, "Authentication is not required in single-user mode.")
    remember = bool(isinstance(call.body, dict) and call.body.get("remember_me"))
    account, token, seconds = users.login(call.member("email"), call.member("password"), remember=remember)
    return Answer({"token": token, "user": _user(call, account), "expires_in": seconds})


@route("POST", f"{_AUTH}/logout", feature="auth")
def logout(call: Call) -> Answer:
    """Sign out; the token stays good all the same."""
    return Answer({"success": True})


@route("GET", f"{_AUTH}/me", open=True, feature="auth")
def me(call: Call) -> Answer:
    """Who one is."""
    if call.token is None:
        raise Refusal(401, "Missing authentication credentials")
    account, _ = call.world.users.account_of(call.token)
    return Answer(_user(call, account))


@route("PATCH", f"{_AUTH}/me", feature="auth")
def change_me(call: Call) -> Answer:
    """Change one's name or password. A new password makes all tokens void."""
    account, _ = call.world.users.account_of(call.token)
    body: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    if body.get("display_name"):
        account.display_name = body["display_name"]
    if body.get("new_password"):
        if body.get("current_password") != account.password:
            raise Refusal(400, "Current password is incorrect")
        account.password = body["new_password"]
        account.token_epoch += 1
    return Answer(_user(call, account))


def _users(call: Call, words: str) -> Users:
    if not call.world.users.multiuser:
        raise Refusal(403, f"{_OFF} {words}")
    return call.world.users


def _user(call: Call, account: Account) -> dict[str, Any]:
    record = account.to_json()
    if not call.world.release.has("videos"):  # token_epoch came with 6.14, as they did
        del record["token_epoch"]
    return {**record, "last_login_at": record["last_login_at"] or iso_in(0)}
