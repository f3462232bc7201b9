"""Problems: the server's error answers, as exceptions with status and body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry of a 422 answer."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any = None
    ctx: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry as the server sends it."""
        entry = {"type": self.type, "loc": list(self.loc), "msg": self.msg, "input": self.input}
        return entry if self.ctx is None else {**entry, "ctx": self.ctx}


class Refusal(Exception):  # noqa: N818  (an answer, not an error of the simulator)
    """The server answers with an error status and a detail message."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Broken(Exception):  # noqa: N818
    """The server fails unexpectedly: status 500, and no JSON."""


class Invalid(Exception):  # noqa: N818
    """The server answers 422 with a list of details."""

    def __init__(self, details: list[Detail]) -> None:
        super().__init__("; ".join(detail.msg for detail in details))
        self.details = details


def missing(loc: tuple[str | int, ...], value: Any = None) -> Detail:
    """The detail for a missing member."""
    return Detail("missing", loc, "Field required", value)
