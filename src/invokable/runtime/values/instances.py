"""Instances: values that are checked on creation, so that an input only checks their class."""

from __future__ import annotations

from typing import Any

from invokable.runtime.values.characters import HALVED, halved


class CheckedByInstance:
    """Makes pydantic accept instances of the class unchanged, and nothing else."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls)


class ComparedByIdentity:
    """Makes instances equal that stand for the same thing on a server, whatever else is known about it."""

    __slots__ = ()

    def _identity(self) -> tuple[object, ...]:
        """What kind of thing it stands for, and which one."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, ComparedByIdentity) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())


def check_text(value: object, what: str) -> None:
    """Raise ValueError if what identifies something on the server is not text."""
    if not isinstance(value, str):
        raise ValueError(f"the {what} must be a string, not {value!r}")
    if halved(value) is not None:
        raise ValueError(f"the {what}, {value!r}, {HALVED}")
