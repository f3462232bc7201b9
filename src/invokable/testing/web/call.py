"""Call: a request for the handlers, and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import CoreSchema, core_schema

from invokable.schema import Limits
from invokable.testing.server import checks
from invokable.testing.server.problems import Broken, Detail, Invalid, missing
from invokable.testing.server.rows import Person
from invokable.testing.server.users import SYSTEM, Account
from invokable.testing.world import World

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


def picture(content: bytes, name: str) -> Answer:
    """The image of a workflow, model or preset, always declared as PNG."""
    headers = {"cache-control": "max-age=31536000", "content-disposition": f'inline; filename="{name}"'}
    return Answer(content=content, content_type="image/png", headers=headers)


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

    def member(self, name: str, check: CoreSchema = checks.ANYTHING) -> Any:
        """A required member of the body. Raises Invalid."""
        given = Parameters(self)
        value = given.member(name, check)
        given.check()
        return value

    def item_id(self) -> int:
        """The item id in the path. Raises Invalid."""
        return self.number("item_id")

    def number(self, name: str) -> int:
        """A whole number in the path. Raises Invalid."""
        value, details = checks.take(checks.INTEGER, self.params[name], ("path", name))
        if details:
            raise Invalid(details)
        return int(value)

    def texts(self, name: str, *, most: int | None = None) -> list[str]:
        """A list of texts in the body. Raises Invalid."""
        found: list[str] = self.member(name, checks.several(checks.TEXT, Limits(max_items=most)))
        return found

    def integers(self, name: str, *, most: int | None = None) -> list[int]:
        """A list of whole numbers in the body. Raises Invalid."""
        found: list[int] = self.member(name, checks.several(checks.INTEGER, Limits(max_items=most)))
        return found


def no_body(call: Call, status: int = 204) -> Answer:
    """An answer without a body. Since 6.14 this fails if the client accepts gzip."""
    if call.world.release.has("polling_breaks") and "gzip" in call.headers.get("accept-encoding", ""):
        raise Broken
    return Answer(status=status, content=b"")


class Parameters:
    """Reads the query and the body, and reports their errors together."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._details: list[Detail] = []

    def text(self, name: str, default: str | None = None, *, required: bool = False, most: int | None = None) -> Any:
        """A text in the query."""
        return self._one(name, default, required, core_schema.str_schema(max_length=most))

    def integer(
        self, name: str, default: int | None = None, *, least: int | None = None, most: int | None = None
    ) -> Any:
        """A whole number in the query."""
        return self._one(name, default, False, checks.integer(Limits(minimum=least, maximum=most)))

    def boolean(self, name: str, default: bool | None = None, *, required: bool = False) -> Any:
        """A boolean in the query."""
        return self._one(name, default, required, checks.BOOLEAN)

    def choice(self, name: str, options: Sequence[str], default: str | None = None, *, required: bool = False) -> Any:
        """One of several texts in the query."""
        return self._one(name, default, required, checks.choice(tuple(options)))

    def choices(self, name: str, options: Sequence[str], *, required: bool = False) -> list[str]:
        """Any number of several texts in the query."""
        found = [value for key, value in self._call.queries if key == name]
        if required and not found:
            self._details.append(missing(("query", name)))
        taken: list[str] | None = self._taken(checks.several(checks.choice(tuple(options))), found, ("query", name))
        return taken or []

    def member(self, name: str, check: CoreSchema, default: Any = NO_BODY) -> Any:
        """A member of the body. Null is the default, if there is one; a body that is not an object has no members."""
        body = self._call.body
        value = body.get(name) if isinstance(body, dict) else None
        if value is None:
            if default is NO_BODY or not (body in (None, NO_BODY) or isinstance(body, dict | bytes)):
                self._details.append(missing(("body", name)))
            return default
        return self._taken(check, value, ("body", name))

    def body(self, check: CoreSchema) -> Any:
        """The whole body."""
        body = self._call.body
        if body in (None, NO_BODY):
            self._details.append(missing(("body",)))
            return None
        return self._taken(check, body.decode(errors="replace") if isinstance(body, bytes) else body, ("body",))

    def file(self, name: str) -> Upload:
        """The file in the form, to be read last. Raises Invalid if there were errors."""
        if self._call.file is None:
            raise Invalid([*self._details, missing(("body", name))])
        self.check()
        return self._call.file

    def check(self) -> None:
        """Raise Invalid if there were errors."""
        if self._details:
            raise Invalid(self._details)

    def _one(self, name: str, default: Any, required: bool, check: CoreSchema) -> Any:
        found = [value for key, value in self._call.queries if key == name]
        if found:
            return self._taken(check, found[-1], ("query", name))
        if required:
            self._details.append(missing(("query", name)))
        return default

    def _taken(self, check: CoreSchema, value: Any, loc: checks.Loc) -> Any:
        taken, details = checks.take(check, value, loc)
        self._details += details
        return taken
