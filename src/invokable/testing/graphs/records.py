"""Records: values with members, such as image references, colours and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from invokable.contract.colors import CHANNELS, FULL
from invokable.contract.limits import NO_LIMITS, Limits
from invokable.schema import Schema
from invokable.testing.graphs import scalars
from invokable.testing.graphs.scalars import Loc, Taken
from invokable.testing.server.problems import Detail, missing

Kind = Literal["text", "integer", "number", "boolean", "base", "model_type", "submodel_type", "any"]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a record: a kind of scalar, or the name of another record."""

    kind: str
    limits: Limits = NO_LIMITS
    required: bool = True
    nullable: bool = False
    default: Any = None


_CHANNEL: Final = Member("integer", Limits(minimum=0, maximum=FULL))
_TEXT: Final = Member("text")
_SUBMODEL: Final = Member("submodel_type", required=False, nullable=True)

RECORDS: Final[Mapping[str, Mapping[str, Member]]] = {
    "ImageField": {"image_name": _TEXT},
    "VideoField": {"video_name": _TEXT},
    "BoardField": {"board_id": _TEXT},
    "StylePresetField": {"style_preset_id": _TEXT},
    "SystemPromptField": {"system_prompt_id": _TEXT},
    "ColorField": dict.fromkeys(CHANNELS, _CHANNEL),
    "ModelIdentifierField": {
        "key": _TEXT,
        "hash": _TEXT,
        "name": _TEXT,
        "base": Member("base"),
        "type": Member("model_type"),
        "submodel_type": _SUBMODEL,
    },
    "LoRAField": {"lora": Member("ModelIdentifierField"), "weight": Member("number")},
}
"""The record types that the editor stores, by field type."""


def record(value: Any, name: str, schema: Schema, loc: Loc) -> Taken:
    """Accept a record; unknown members are dropped."""
    if not isinstance(value, Mapping):
        words = f"Input should be a valid dictionary or instance of {name}"
        return None, [Detail("model_type", loc, words, value, {"class_name": name})]
    taken: dict[str, Any] = {}
    details: list[Detail] = []
    for member_name, member in RECORDS[name].items():
        if member_name not in value:
            if member.required:
                details.append(missing((*loc, member_name), value))
            taken[member_name] = member.default
            continue
        taken[member_name], found = _member(value[member_name], member, schema, (*loc, member_name))
        details += found
    return taken, details


def _member(value: Any, member: Member, schema: Schema, loc: Loc) -> Taken:
    if value is None and member.nullable:
        return None, []
    match member.kind:
        case "integer":
            return scalars.integer(value, member.limits, loc)
        case "number":
            return scalars.number(value, member.limits, loc)
        case "text":
            if not isinstance(value, str):
                return None, [Detail("string_type", loc, "Input should be a valid string", value)]
            return value, []
        case "base" | "model_type" | "submodel_type":
            return _listed(value, member.kind, schema, loc)
    return record(value, member.kind, schema, loc)


def _listed(value: Any, kind: str, schema: Schema, loc: Loc) -> Taken:
    options = {
        "base": schema.model_bases,
        "model_type": schema.model_types,
        "submodel_type": schema.submodel_types,
    }[kind]
    if not options:
        return value, []
    return scalars.choice(value, sorted(options), loc, kind="enum")
