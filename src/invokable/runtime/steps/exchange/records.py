"""Records: from the server's JSON to the classes in `values/records.py`, without declaring any field twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, get_type_hints

from pydantic import create_model, field_validator

from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.responses import shaped

R = TypeVar("R")

NO_NAMES: Final[Mapping[str, str]] = {}


class _Record(Answer):
    @field_validator("*", mode="after")
    @classmethod
    def _in_utc(cls, value: Any) -> Any:
        """The server's times are in UTC, without a time zone."""
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def record(kind: type[R], value: object, names: Mapping[str, str] = NO_NAMES, *, where: str, **more: Any) -> R:
    """Parse part of an answer as a record. `names` has the server's names of fields that it calls differently.

    `more` has fields from elsewhere. Raises NotInvokeAIError, which says `where` the part was found.
    """
    given = {name: value[key] for name, key in names.items() if key in value} if isinstance(value, dict) else {}
    whole = {**value, **given, **more} if isinstance(value, dict) else value
    read = shaped(whole, _reader(kind), where=where)  # type: ignore[arg-type]  # a class is hashable
    return kind(**{name: getattr(read, name) for name in read.model_fields_set})


@cache
def _reader(kind: type[Any]) -> type[_Record]:
    """The class that parses the fields of a record."""
    hints = get_type_hints(kind)
    parts: dict[str, Any] = {
        part.name: (hints[part.name], ... if _is_required(part) else None)
        for part in fields(kind)
        if not part.name.startswith("_")
    }
    model: type[_Record] = create_model(kind.__name__, __base__=_Record, **parts)
    return model


def _is_required(part: Any) -> bool:
    return part.default is MISSING and part.default_factory is MISSING
