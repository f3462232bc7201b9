"""Users: accounts, sign-in and tokens. In single-user mode everyone is the system user."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from invokable.testing.server.clock import now_iso
from invokable.testing.server.problems import Refusal
from invokable.testing.server.rows import Person

DAY: Final = 86_400
WEEK: Final = 7 * DAY
SYSTEM: Final = Person()


@dataclass(slots=True)
class Account:
    """A user's account."""

    user_id: str
    email: str
    display_name: str
    password: str
    is_admin: bool
    created_at: str
    token_epoch: int = 0
    last_login_at: str | None = None

    @property
    def person(self) -> Person:
        """The user, as in queue items."""
        return Person(self.user_id, self.display_name, self.email, self.is_admin)

    def to_json(self) -> dict[str, Any]:
        """The account as the server returns it."""
        return {
            "user_id": self.user_id,
            "email": self.email,
            "display_name": self.display_name,
            "is_admin": self.is_admin,
            "is_active": True,
            "created_at": self.created_at,
            "updated_at": self.created_at,
            "last_login_at": self.last_login_at,
            "token_epoch": self.token_epoch,
        }


class Users:
    """All accounts. Tokens are JSON Web Tokens, signed with a key that survives a crash."""

    def __init__(self, *, multiuser: bool) -> None:
        self.multiuser: Final = multiuser
        self.accounts: dict[str, Account] = {}
        self._key: Final = secrets.token_bytes(32)

    def add(self, email: str, password: str, display_name: str | None = None, *, is_admin: bool = False) -> Account:
        """Create an account."""
        account = Account(str(uuid4()), email, display_name or email.partition("@")[0], password, is_admin, now_iso())
        self.accounts[account.user_id] = account
        return account

    def person(self, user_id: str) -> Person:
        """The user with an id."""
        account = self.accounts.get(user_id)
        return account.person if account else SYSTEM

    def login(self, email: str, password: str, *, remember: bool) -> tuple[Account, str, int]:
        """Sign in. Raises Refusal 401."""
        for account in self.accounts.values():
            if account.email == email and hmac.compare_digest(account.password.encode(), password.encode()):
                account.last_login_at = f"{now_iso()}Z"
                return account, self.token(account, remember=remember), WEEK if remember else DAY
        raise Refusal(401, "Incorrect email or password")

    def token(self, account: Account, *, remember: bool = False, seconds: float | None = None) -> str:
        """A token for an account, valid for `seconds`, by default a day."""
        lasts = seconds if seconds is not None else WEEK if remember else DAY
        claims = {
            "user_id": account.user_id,
            "email": account.email,
            "is_admin": account.is_admin,
            "remember_me": remember,
            "token_epoch": account.token_epoch,
            "exp": int(time.time() + lasts),
        }
        signed = f"{_packed({'alg': 'HS256', 'typ': 'JWT'})}.{_packed(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def account_of(self, token: str | None) -> tuple[Account, dict[str, Any]]:
        """The account of a token, and its claims. Raises Refusal 401."""
        if not token:
            raise Refusal(401, "Authentication required")
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            raise Refusal(401, "Invalid or expired token")
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        account = self.accounts.get(claims["user_id"])
        if claims["exp"] <= time.time():
            raise Refusal(401, "Invalid or expired token")
        if account is None or claims["token_epoch"] != account.token_epoch:
            raise Refusal(401, "User not found or inactive")
        return account, claims

    def _signature(self, signed: str) -> str:
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _packed(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()
