"""Constraints: the limits of annotated-types, with the same names, for the annotations of generated modules.

annotated-types takes 30 ms to import, since it imports typing_extensions; importing a generated module must be faster.
So each limit here is what that library calls grouped metadata: iterating over it, as pydantic and hypothesis do, yields
the library's own object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from invokable.contract.fields import membership
from invokable.contract.listing import any_of


class _Constraint:
    __slots__ = ("arguments",)
    arguments: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Constraint) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> object:
        # With types, as of a Literal: typing gives equal annotations the same object, and True is not 1.
        return type(self), self.arguments, tuple(map(type, self.arguments))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.arguments))})"


class OneOf(_Constraint):
    """One of some values. It stands for a Literal, which cannot hold a float."""

    __slots__ = ()

    def __init__(self, *choices: str | float) -> None:
        self.arguments = choices

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> Any:
        """Validate like a Literal."""
        from pydantic_core import PydanticKnownError, core_schema

        is_choice = membership(self.arguments)

        def check(value: object) -> object:
            if is_choice(value):
                return value
            raise PydanticKnownError("literal_error", {"expected": any_of(map(repr, self.arguments))})

        return core_schema.no_info_plain_validator_function(check)


class _Limit(_Constraint):
    __slots__ = ()
    __is_annotated_types_grouped_metadata__: Final[Literal[True]] = True

    def __init__(self, value: float, /) -> None:
        self.arguments = (value,)

    def __iter__(self) -> Iterator[object]:
        """Yield the equivalent object of annotated-types."""
        import annotated_types

        yield getattr(annotated_types, type(self).__name__)(*self.arguments)


class Ge(_Limit):
    """Greater than or equal."""

    __slots__ = ()


class Gt(_Limit):
    """Greater than."""

    __slots__ = ()


class Le(_Limit):
    """Less than or equal."""

    __slots__ = ()


class Len(_Limit):
    """Minimum and maximum number of items or characters."""

    __slots__ = ()

    def __init__(self, least: int, most: int | None = None, /) -> None:
        self.arguments = (least, most)


class Lt(_Limit):
    """Less than."""

    __slots__ = ()


class MultipleOf(_Limit):
    """An integer multiple."""

    __slots__ = ()
