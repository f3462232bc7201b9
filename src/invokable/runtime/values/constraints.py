"""Limits: the constraints of annotated-types, with the same names, for the annotations of generated modules.

annotated-types takes 30 ms to import, since it imports typing_extensions; importing a generated module must be faster.
So each limit here is what that library calls grouped metadata: iterating over it, as pydantic and hypothesis do, yields
the library's own object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal


class _Limit:
    __slots__ = ("arguments",)
    __is_annotated_types_grouped_metadata__: Final[Literal[True]] = True

    def __init__(self, value: float, /) -> None:
        self.arguments: tuple[float | None, ...] = (value,)

    def __iter__(self) -> Iterator[object]:
        """Yield the equivalent object of annotated-types."""
        import annotated_types

        yield getattr(annotated_types, type(self).__name__)(*self.arguments)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Limit) and (type(self), self.arguments) == (type(other), other.arguments)

    def __hash__(self) -> int:
        return hash((type(self), self.arguments))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.arguments))})"


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
