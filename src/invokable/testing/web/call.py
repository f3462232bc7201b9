"""Call: a request for the handlers, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from invokable.schema import Limits
from invokable.testing.graphs import scalars
from invokable.testing.graphs.scalars import Taken
from invokable.testing.server.problems import Detail, Invalid, missing
from invokable.testing.server.rows import Person
from invokable.testing.server.users import SYSTEM, Account
from invokable.testing.world import World

T = TypeVar("T")
NO_BODY: Final = object()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    content: bytes
    content_type: str
    name: str


@dataclass(slots=True)
class Answer:
    """The server's answer: JSON of `value`, or `content` unchanged."""

    value: Any = None
    status: int = 200
    content: bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One request."""

    world: World
    method: str
    path: str
    params: Mapping[str, str]
    queries: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = NO_BODY
    form: Mapping[str, str] = field(default_factory=dict)
    file: Upload | None = None
    person: Person = SYSTEM
    token: str | None = None
    account: Account | None = None
    claims: dict[str, Any] = field(default_factory=dict)

    def member(self, name: str) -> Any:
        """A required member of the body. Raises Invalid."""
        if isinstance(self.body, dict) and name in self.body:
            return self.body[name]
        raise Invalid([missing(("body", name))])

    def item_id(self) -> int:
        """The item id in the path. Raises Invalid."""
        taken, details = scalars.integer(self.params["item_id"], Limits(), ("path", "item_id"))
        if details:
            raise Invalid(details)
        return int(taken)

    def texts(self, name: str, *, most: int | None = None) -> list[str]:
        """A list of texts in the body. Raises Invalid."""
        return self._list(name, most, lambda value, loc: _text(value, loc))

    def integers(self, name: str | None, *, most: int | None = None) -> list[int]:
        """A list of whole numbers: a member of the body, or the body itself. Raises Invalid."""
        return self._list(name, most, lambda value, loc: scalars.integer(value, Limits(), loc))

    def _list(self, name: str | None, most: int | None, take: Callable[[Any, Any], Taken]) -> list[Any]:
        value = self.body if name is None else self.member(name)
        loc: tuple[str | int, ...] = ("body",) if name is None else ("body", name)
        if not isinstance(value, list):
            raise Invalid([Detail("list_type", loc, "Input should be a valid list", _given(value))])
        if most is not None and len(value) > most:
            words = f"List should have at most {most} items after validation, not {len(value)}"
            context = {"field_type": "List", "max_length": most, "actual_length": len(value)}
            raise Invalid([Detail("too_long", loc, words, value, context)])
        taken = [take(item, (*loc, position)) for position, item in enumerate(value)]
        details = [detail for _, found in taken for detail in found]
        if details:
            raise Invalid(details)
        return [item for item, _ in taken]


class Query:
    """Reads query parameters, and reports their errors together."""

    def __init__(self, call: Call) -> None:
        self._queries = call.queries
        self._details: list[Detail] = []

    def text(self, name: str, default: str | None = None, *, required: bool = False, most: int | None = None) -> Any:
        """A text."""
        return self._one(name, default, required, lambda v, loc: scalars.text(v, Limits(max_length=most), loc))

    def integer(
        self, name: str, default: int | None = None, *, least: int | None = None, most: int | None = None
    ) -> Any:
        """A whole number."""
        limits = Limits(minimum=least, maximum=most)
        return self._one(name, default, False, lambda v, loc: scalars.integer(v, limits, loc))

    def boolean(self, name: str, default: bool | None = None, *, required: bool = False) -> Any:
        """A boolean."""
        return self._one(name, default, required, scalars.boolean)

    def choice(self, name: str, options: Sequence[str], default: str | None = None, *, required: bool = False) -> Any:
        """One of several texts."""
        return self._one(name, default, required, lambda v, loc: scalars.choice(v, options, loc, kind="enum"))

    def choices(self, name: str, options: Sequence[str]) -> list[str]:
        """Any number of several texts."""
        found = [value for key, value in self._queries if key == name]
        taken = []
        for position, value in enumerate(found):
            one, details = scalars.choice(value, options, ("query", name, position), kind="enum")
            self._details += details
            taken.append(one)
        return taken

    def check(self) -> None:
        """Raise Invalid if there were errors."""
        if self._details:
            raise Invalid(self._details)

    def _one(self, name: str, default: T, required: bool, take: Callable[[Any, Any], Taken]) -> T | Any:
        found = [value for key, value in self._queries if key == name]
        if not found:
            if required:
                self._details.append(missing(("query", name)))
            return default
        taken, details = take(found[-1], ("query", name))
        self._details += details
        return taken


def _text(value: Any, loc: Any) -> Taken:
    if isinstance(value, str):
        return value, []
    return None, [Detail("string_type", loc, "Input should be a valid string", value)]


def _given(value: Any) -> Any:
    return None if value is NO_BODY else value
