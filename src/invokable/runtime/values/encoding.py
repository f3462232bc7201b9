"""Encoding: input values to JSON that can be stored, and back."""

from __future__ import annotations

import base64
import os
from typing import Any

from invokable.contract.fields import Cardinality
from invokable.contract.listing import with_article
from invokable.contract.models import MODEL_KEYS
from invokable.runtime.values.custom import FieldValueClass
from invokable.runtime.values.inputs import Board, Color, LoRA, Model, StylePreset, SupportsFspath
from invokable.runtime.values.media import Image, Video


def to_json(value: Any) -> Any:
    """A value as JSON. Raises TypeError for a value that cannot be stored, such as an open file."""
    if hasattr(type(value), "to_invokeai"):
        value = value.to_invokeai()
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray() | memoryview():
            return {"base64": base64.b64encode(value).decode("ascii")}
        case Image():
            return {"image_name": value.name}
        case Video():
            return {"video_name": value.name}
        case Model():
            return {key: getattr(value, key) for key in MODEL_KEYS if getattr(value, key)}
        case LoRA():
            return {"lora": to_json(value.model), "weight": value.weight}
        case Board():
            return {"board_id": value.id}
        case Color():
            return {"r": value.r, "g": value.g, "b": value.b, "a": value.a}
        case StylePreset():
            return {"style_preset_id": value.id}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {key: to_json(item) for key, item in value.items()}
        case SupportsFspath():
            return os.fspath(value)
    kind = with_article(type(value).__name__)
    raise TypeError(f"{kind} cannot be stored as JSON; use the path or the bytes of the file")


def custom_from_json(value: Any, made: FieldValueClass, cardinality: Cardinality) -> Any:
    """The value of an input or an output with a project's own class. Raises whatever the class raises."""
    if value is None:
        return None
    if isinstance(value, list) and cardinality != "SINGLE":
        return [made.from_invokeai(item) for item in value]
    return made.from_invokeai(value)


def from_json(value: Any, type_name: str) -> Any:
    """The value of an input, from its JSON; `type_name` is the field type without its cardinality."""
    if isinstance(value, list):
        return [from_json(item, type_name) for item in value]
    if not isinstance(value, dict):
        return value
    match type_name:
        case "ImageField":
            return base64.b64decode(value["base64"], validate=True) if "base64" in value else Image(value["image_name"])
        case "VideoField":
            return base64.b64decode(value["base64"], validate=True) if "base64" in value else Video(value["video_name"])
        case "ModelIdentifierField":
            return Model(**value)
        case "LoRAField":
            model = value["lora"]
            return LoRA(Model(**model) if isinstance(model, dict) else model, value["weight"])
        case "BoardField":
            return Board(id=value["board_id"])
        case "ColorField":
            return Color(**value)
        case "StylePresetField":
            return StylePreset(value["style_preset_id"])
    return value
