"""Custom: values of fields that InvokeAI itself has no class for, such as those of a node pack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self, TypeAlias, get_args


class FieldValue(Protocol):
    """A class that a project gives to the values of a field, under `[tool.invokable.fields]`.

    Generated modules import it, annotate inputs and results with it, and make their defaults with `from_invokeai`.

    Example:

        class Tags(tuple[str, ...]):
            def to_invokeai(self) -> str:
                return ", ".join(self)

            @classmethod
            def from_invokeai(cls, value: str) -> "Tags":
                return cls(value.split(", "))
    """

    def to_invokeai(self) -> Any:
        """The value as the server takes it, in JSON."""

    @classmethod
    def from_invokeai(cls, value: Any, /) -> Self:
        """Make a value of JSON that a workflow holds or a server gave. Raises ValueError where it does not fit."""


FieldValueClass: TypeAlias = type[FieldValue]

FieldValue.__module__ = "invokable"  # as users import it


def class_in(hint: Any) -> FieldValueClass | None:
    """The class of a project's own in an annotation; None where there is none."""
    return next((found for found in _classes(hint) if hasattr(found, "from_invokeai")), None)


def _classes(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for argument in get_args(hint):
        yield from _classes(argument)
