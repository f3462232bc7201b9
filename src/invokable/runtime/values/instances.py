"""Instances: values that are checked when they are made, so that an input only asks for their class."""

from __future__ import annotations

from typing import Any


class CheckedByInstance:
    """Has pydantic take instances of the class as they are, and nothing else."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls)
