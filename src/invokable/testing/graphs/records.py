"""Records: values with members, such as image references, colors and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from invokable.contract.colors import CHANNELS, FULL
from invokable.contract.limits import NO_LIMITS, Limits


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
    "BoundingBoxField": {
        **dict.fromkeys(("x_min", "x_max", "y_min", "y_max"), Member("integer")),
        "score": Member("number", Limits(minimum=0, maximum=1), required=False, nullable=True),
    },
    "LoRAMetadataField": {"model": Member("ModelIdentifierField"), "weight": Member("number")},
    "MetadataItemField": {"label": _TEXT, "value": Member("any")},
    "WorkflowReturnValueField": {"key": _TEXT, "value": Member("any", required=False)},
    "TensorField": {"tensor_name": _TEXT},
    "LatentsField": {"latents_name": _TEXT, "seed": Member("integer", required=False, nullable=True)},
    "LoRAField": {"lora": Member("ModelIdentifierField"), "weight": Member("number")},
}
"""The record types whose members are known, by field type: those that the editor stores, and some others."""
