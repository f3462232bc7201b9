"""Table: the endpoints of the server, filled by the modules that hold them."""

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
    """Whether it needs no sign-in."""
    form: bool = False
    cookie: bool = False
    """Whether the media cookie of a browser will do for a token."""
    slow: bool = False
    """Whether it does work that other requests should not wait for."""
    feature: str = ""
    """The feature of a release that it belongs to; with a `!`, of releases without that feature."""

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
    """Put a handler into the table."""

    def put(handler: Handler) -> Handler:
        ENDPOINTS.append(Endpoint(method, path, handler, admin, open, form, cookie, slow, feature))
        return handler

    return put
