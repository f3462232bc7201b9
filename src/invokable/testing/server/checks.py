"""Checks: the schemas by which pydantic checks requests, as on a real server, so that its errors are the same.

They are pydantic-core's own schemas: building one takes microseconds, and the checked values are plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from enum import Enum
from functools import cache
from typing import Any, Final

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from invokable.contract.limits import NO_LIMITS, Limits
from invokable.testing.server.problems import Detail

Loc = tuple[str | int, ...]
Taken = tuple[Any, list[Detail]]
"""The converted value and its errors."""

INTEGER: Final = core_schema.int_schema()
BOOLEAN: Final = core_schema.bool_schema()
TEXT: Final = core_schema.str_schema()
ANYTHING: Final = core_schema.any_schema()

_BOUNDS: Final = {"ge": "minimum", "le": "maximum", "gt": "exclusive_minimum", "lt": "exclusive_maximum"}


def take(check: SchemaValidator | CoreSchema, value: Any, loc: Loc) -> Taken:
    """A value as the server stores it, or its errors at `loc`."""
    validator = check if isinstance(check, SchemaValidator) else SchemaValidator(check)
    try:
        return validator.validate_python(value), []
    except ValidationError as error:
        return None, details(error, loc)


def details(error: ValidationError, loc: Loc) -> list[Detail]:
    """The errors of pydantic as the server sends them."""
    return [
        Detail(one["type"], (*loc, *one["loc"]), one["msg"], one["input"], _context(one.get("ctx")))
        for one in error.errors(include_url=False)
    ]


def _context(context: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if context is None:
        return None
    return {name: {} if isinstance(value, Exception) else value for name, value in context.items()}


def integer(limits: Limits = NO_LIMITS) -> CoreSchema:
    """A whole number."""
    return core_schema.int_schema(**_bounds(limits, int))


def number(limits: Limits = NO_LIMITS) -> CoreSchema:
    """A number."""
    return core_schema.float_schema(**_bounds(limits, float))


def _bounds(limits: Limits, kind: Callable[[Any], Any]) -> dict[str, Any]:
    bounds = {short: getattr(limits, name) for short, name in _BOUNDS.items()} | {"multiple_of": limits.multiple_of}
    return {short: None if bound is None else kind(bound) for short, bound in bounds.items()}


@cache
def choice(options: tuple[str, ...]) -> CoreSchema:
    """One of several texts, an enumeration on the server."""
    kind: Any = Enum("Choice", [(f"m{position}", option) for position, option in enumerate(options)])  # type: ignore[misc]
    members = list(kind)
    return changed(core_schema.enum_schema(kind, members), lambda member: member.value)


def optional(check: CoreSchema) -> CoreSchema:
    """A value or null."""
    return core_schema.nullable_schema(check)


def several(check: CoreSchema, limits: Limits = NO_LIMITS) -> CoreSchema:
    """A list."""
    return core_schema.list_schema(check, min_length=limits.min_items, max_length=limits.max_items)


def changed(check: CoreSchema, change: Callable[[Any], Any]) -> CoreSchema:
    """What `change` makes of a checked value. It may raise ValueError."""
    return core_schema.no_info_after_validator_function(change, check)


def absent(check: CoreSchema, default: Any = None) -> CoreSchema:
    """A value that may be absent."""
    return core_schema.with_default_schema(check, default_factory=lambda: deepcopy(default))


def record(name: str, members: Mapping[str, CoreSchema], *, extra: Any = "ignore", body: bool = True) -> CoreSchema:
    """An object, which becomes a dictionary. Errors about values in a `body` do not use its name."""
    found = core_schema.model_fields_schema(
        {member: core_schema.model_field(check) for member, check in members.items()},
        model_name=name,
        extra_behavior=extra,
        from_attributes=body,
    )
    return changed(found, lambda taken: {**taken[0], **(taken[1] or {})})
