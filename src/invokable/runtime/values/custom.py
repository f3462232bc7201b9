"""Custom: values of fields for which the project has its own class, such as those of a node pack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self, TypeAlias, get_args


class FieldValue(Protocol):
    """A project's own class for the values of a field, configured under `[tool.invokable.fields]`.

    Generated modules import it, annotate inputs and results with it, and create their defaults with `from_invokeai`.

    Example:

        class Tags(tuple[str, ...]):
            def to_invokeai(self) -> str:
                return ", ".join(self)

            @classmethod
            def from_invokeai(cls, value: str) -> "Tags":
                return cls(value.split(", "))
    """

    def to_invokeai(self) -> Any:
        """The value as JSON for the server."""

    @classmethod
    def from_invokeai(cls, value: Any, /) -> Self:
        """Create a value from the JSON in a workflow or from a server. Raises ValueError if it is not valid."""


FieldValueClass: TypeAlias = type[FieldValue]

FieldValue.__module__ = "invokable"  # as users import it


def class_in(hint: Any) -> FieldValueClass | None:
    """The project's own class in an annotation, if any."""
    return next((found for found in _classes(hint) if hasattr(found, "from_invokeai")), None)


def _classes(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for argument in get_args(hint):
        yield from _classes(argument)
