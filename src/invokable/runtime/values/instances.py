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


def check_text(value: object, what: str) -> None:
    """Raise ValueError if what identifies something on the server is no text."""
    if not isinstance(value, str):
        raise ValueError(f"the {what} must be a string, not {value!r}")
    if halved(value) is not None:
        raise ValueError(f"the {what}, {value!r}, {HALVED}")
