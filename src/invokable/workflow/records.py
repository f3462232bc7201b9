"""Strict access to a JSON object: each getter returns the right type or raises an error with a JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn, TypeVar

from invokable.contract.generators import JS_SPACE
from invokable.contract.listing import any_of
from invokable.workflow.errors import WorkflowFileError, pointer, quoted

_T = TypeVar("_T")
_Choice = TypeVar("_Choice", bound=str)
_JSON_TYPES = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}


class Record:
    """A JSON object and its location in the workflow."""

    __slots__ = ("data", "path")

    def __init__(self, data: dict[str, object], *path: str | int) -> None:
        self.data = data
        self.path = path

    @classmethod
    def of(cls, value: object, *path: str | int) -> Record:
        """Return the record of a value.

        Raises:
            WorkflowFileError: The value is not an object.
        """
        if not isinstance(value, dict):
            raise WorkflowFileError(f"expected an object, found {json_type(value)}", pointer(*path))
        return cls(value, *path)

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise an error about the value at a key."""
        where = pointer(*self.path, key) if key in self.data else pointer(*self.path)
        raise WorkflowFileError(message, where)

    def _typed(self, key: str, wanted: type[_T], default: _T | None) -> _T:
        if key not in self.data:
            if default is None:
                self.fail(key, f'"{key}" is missing')
            return default
        value = self.data[key]
        if not isinstance(value, wanted):
            self.fail(key, f'"{key}" must be {_JSON_TYPES[wanted]}, found {json_type(value)}')
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; the default is only for a missing key."""
        return self._typed(key, str, default)

    def name(self, key: str) -> str:
        """Return an identifier: text that is not empty, without surrounding whitespace."""
        text = self._typed(key, str, None).strip(JS_SPACE)
        if not text:
            self.fail(key, f'"{key}" must not be empty')
        return text

    def choice(self, key: str, choices: tuple[_Choice, ...], default: _Choice | None = None) -> _Choice:
        """Return one of the given texts."""
        text = self._typed(key, str, default)
        if text not in choices:
            self.fail(key, f'"{key}" must be {any_of(choices)}, found {quoted(text)}')
        return choices[choices.index(text)]

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return a boolean."""
        return self._typed(key, bool, default)

    def number(self, key: str) -> int | float:
        """Return a number."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(key, f'"{key}" must be a number, found {json_type(value) if key in self.data else "nothing"}')
        return value

    def record(self, key: str) -> Record:
        """Return the record at a key."""
        return Record(self._typed(key, dict, None), *self.path, key)

    def records(self, key: str, default: list[object] | None = None) -> Iterator[Record]:
        """Return the records of the array at a key."""
        for index, value in enumerate(self._typed(key, list, default)):
            yield Record.of(value, *self.path, key, index)

    def entries(self) -> Iterator[tuple[str, Record]]:
        """Yield the records of an object of objects, by key."""
        for key, value in self.data.items():
            yield key, Record.of(value, *self.path, key)


def json_type(value: object) -> str:
    """Return the name of a JSON value's type."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number"
    return _JSON_TYPES.get(type(value), "something else")
