"""Credentials: the current token of a client, and how it gets a new one.

    no token yet, but email and password ── sign in ──▶ token ──▶ request
    401 ── has another thread signed in since? ── no ── sign in ──▶ request once more
    an answer with a new token ──▶ that one from now on

A request that was answered with 401 had no effect, so any request can be sent again. The clients hold a lock while
they sign in: of all callers that need a token, one fetches it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints, ValidationError

from invokable.runtime.errors import AuthenticationError, ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import Request, Response
from invokable.runtime.steps.exchange.responses import detail_of, parse

_LOGIN: Final = "/api/v1/auth/login"
_REFUSED_FOR: Final = 10.0  # seconds before a refused sign-in is tried again
_WITHOUT_USERS: Final = frozenset({404, 405})


class _Token(BaseModel):
    token: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")]  # as a header can carry it


class Credentials:
    """The token of a client, shared by its threads or tasks."""

    def __init__(
        self,
        token: str | None = None,
        email: str | None = None,
        password: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self._email = email
        self._password = password
        self._clock = clock
        self._needs_no_token = False
        self._refusal: tuple[float, Response] | None = None

    def __repr__(self) -> str:
        return "Credentials()"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("credentials cannot be pickled")

    def wants_sign_in(self, response: Response | None = None) -> bool:
        """Whether to sign in: before a request if there is no token, or after its answer."""
        if self._email is None:
            return False
        if response is None:
            return self.token is None and not self._needs_no_token
        return response.status == 401

    def still_wants_sign_in(self, stale: str | None, *, refused: bool) -> bool:
        """Whether a sign-in is still needed: no one else has signed in since the `stale` token was read, or `refused`.

        Raises AuthenticationError if a sign-in was refused just now.
        """
        if self._refusal is not None and self._clock() - self._refusal[0] < _REFUSED_FOR:
            raise _refused(self._refusal[1])
        return self.token == stale if refused else self.wants_sign_in()

    def request(self) -> Request:
        """The sign-in request. It is sent without a token."""
        account = {"email": self._email, "password": self._password, "remember_me": False}
        return Request("POST", _LOGIN, json=account)

    def accept(self, response: Response) -> None:
        """Process the answer to the sign-in request.

        Raises AuthenticationError for a refusal, and ConnectionError for any other failure: the request that needed the
        token has not been sent.
        """
        # A server that has given a token before has users; something in front of it may still answer 404.
        if (self.token is None and response.status in _WITHOUT_USERS) or _has_one_user(response):
            self._needs_no_token, self.token = True, None
            return
        try:
            self.token = _Token.model_validate(parse(response)).token
            self._needs_no_token, self._refusal = False, None
            LOG.info("signed in")
        except InvokableError as error:
            if response.status in (401, 403, 422):
                self._refusal = self._clock(), response
                raise _refused(response) from None
            raise ConnectionError(f"cannot sign in: {error}", url=response.url, sent=False) from None
        except ValidationError:
            raise ConnectionError(f"cannot sign in: {response.url} returned no token", url=response.url) from None

    def renew(self, used: str | None, response: Response) -> None:
        """Use the new token in an answer, unless the token has changed since the request was sent."""
        if response.new_token and used is not None and used == self.token:
            self.token = response.new_token


def _has_one_user(response: Response) -> bool:
    """Whether the server says that it has no sign-in; a disabled account is also a 403."""
    return response.status == 403 and b"single-user" in response.body


def _refused(response: Response) -> AuthenticationError:
    return AuthenticationError(
        response.status,
        detail_of(response),
        method="POST",
        url=response.url,
        advice="check the email and the password, and whether the account is active",
    )
