"""Typed access to untrusted JSON: every wrong type raises a SchemaError with its location."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Final

from invokable.schema.model import SchemaError

_KINDS: Final = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}

_MAX_NESTING: Final = 32


class JsonObject:
    """A JSON object and its location in the document. A null member counts as absent."""

    __slots__ = ("_members", "_pointer")

    def __init__(self, value: object, pointer: str = "") -> None:
        """Raise SchemaError if `value` is not a JSON object."""
        if not isinstance(value, Mapping):
            raise _wrong(pointer, "an object", value)
        self._members: Mapping[object, object] = value
        self._pointer = pointer

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        for name in self._members:
            if not isinstance(name, str):
                raise self.error("has a key that is not text")
            yield name

    def error(self, complaint: str) -> SchemaError:
        """Return an error about this object."""
        return SchemaError(f"{_place(self._pointer)} {complaint}")

    def value(self, name: str) -> object:
        """Return the member unchanged, or None if it is absent."""
        return self._members.get(name)

    def json(self, name: str) -> object:
        """Return the member if it is valid JSON, or None if it is absent."""
        value = self._members.get(name)
        _require_json(value, self._at(name))
        return value

    def child(self, name: str) -> JsonObject | None:
        """Return the object under `name`, or None if it is absent."""
        value = self._members.get(name)
        return None if value is None else JsonObject(value, self._at(name))

    def children(self, name: str) -> list[JsonObject] | None:
        """Return the list of objects under `name`, or None if it is absent."""
        items = self._list(name)
        if items is None:
            return None
        return [JsonObject(item, f"{self._at(name)}/{i}") for i, item in enumerate(items)]

    def text(self, name: str) -> str | None:
        """Return the text under `name`, or None if it is absent."""
        value = self._members.get(name)
        if value is None or isinstance(value, str):
            return value
        raise _wrong(self._at(name), "text", value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the list of texts under `name`, or an empty list if it is absent."""
        texts = []
        for i, item in enumerate(self._list(name) or ()):
            if not isinstance(item, str):
                raise _wrong(f"{self._at(name)}/{i}", "text", item)
            texts.append(item)
        return tuple(texts)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return the boolean under `name`."""
        value = self._members.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        raise _wrong(self._at(name), "a boolean", value)

    def number(self, name: str) -> float | None:
        """Return the finite number under `name`, an int if it is integral, or None if it is absent."""
        value = self._members.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong(self._at(name), "a number", value)
        _require_json(value, self._at(name))
        return int(value) if value == int(value) else value

    def size(self, name: str) -> int | None:
        """Return the non-negative integer under `name`, or None if it is absent."""
        value = self.number(name)
        if value is None or (isinstance(value, int) and value >= 0):
            return value
        raise SchemaError(f"{_place(self._at(name))} should be a non-negative integer")

    def scalars(self, name: str) -> tuple[str | int | float | bool, ...]:
        """Return the texts, numbers and booleans in the list under `name`, without nulls; none if it is absent."""
        scalars = []
        for i, item in enumerate(self._list(name) or ()):
            if item is None:
                continue
            if not isinstance(item, str | int | float):
                raise _wrong(f"{self._at(name)}/{i}", "text, a number or a boolean", item)
            _require_json(item, f"{self._at(name)}/{i}")
            scalars.append(item)
        return tuple(scalars)

    def _list(self, name: str) -> list[object] | None:
        value = self._members.get(name)
        if value is None or isinstance(value, list):
            return value
        raise _wrong(self._at(name), "a list", value)

    def _at(self, name: str) -> str:
        return f"{self._pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _require_json(value: object, pointer: str, nesting: int = 0) -> None:
    """Refuse what other programs do not accept as JSON: Python parses NaN, 1e999, huge integers, and any nesting."""
    if isinstance(value, int | float) and not _is_finite(value):
        raise SchemaError(f"{_place(pointer)} should be a finite number")
    if isinstance(value, Mapping | list) and nesting == _MAX_NESTING:
        raise SchemaError(f"{_place(pointer)} is nested too deeply")
    if isinstance(value, Mapping):
        for name in JsonObject(value, pointer):
            _require_json(value[name], f"{pointer}/{name}", nesting + 1)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _require_json(item, f"{pointer}/{i}", nesting + 1)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond a double
        return False


def _wrong(pointer: str, wanted: str, value: object) -> SchemaError:
    found = "null" if value is None else _KINDS.get(type(value), "an object")
    return SchemaError(f"{_place(pointer)} should be {wanted}, not {found}")


def _place(pointer: str) -> str:
    """Quote a pointer on one line: its keys come from the document and may contain anything."""
    return json.dumps(pointer)[1:-1] if pointer else "the document"
