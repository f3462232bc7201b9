"""Route table: the endpoints of the server, filled by the modules that hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from invokable.testing.server.release import Release
from invokable.testing.web.call import Answer, Call

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    admin: bool = False
    open: bool = False
    """Whether it works without sign-in."""
    form: bool = False
    cookie: bool = False
    """Whether it accepts a browser's media cookie instead of a token."""
    slow: bool = False
    """Whether it is slow, so that other requests should not wait for it."""
    feature: str = ""
    """The release feature that it needs, or with a `!` excludes."""

    def is_in(self, release: Release) -> bool:
        """Return whether a version has it."""
        if not self.feature:
            return True
        return release.has(self.feature.removeprefix("!")) is not self.feature.startswith("!")


ENDPOINTS: Final[list[Endpoint]] = []


def route(
    method: str,
    path: str,
    *,
    admin: bool = False,
    open: bool = False,  # noqa: A002
    form: bool = False,
    cookie: bool = False,
    slow: bool = False,
    feature: str = "",
) -> Callable[[Handler], Handler]:
    """Register a handler in the table."""

    def put(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, path, handler, admin, open, form, cookie, slow, feature))
        return handler

    return put
