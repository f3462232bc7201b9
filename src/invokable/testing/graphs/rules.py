"""Rules for fields that are not in the schema, and may depend on the other fields of a node or record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic_core import core_schema

from invokable.contract import node_rules as contract
from invokable.contract.node_rules import NodeRule

CUSTOM_LABEL: Final = "* CUSTOM LABEL *"
"""The label of a metadata item whose label is in another field."""


def rule_of(rule: NodeRule) -> Callable[[Any, core_schema.ValidationInfo], Any]:
    """The rule as a validator. It raises KeyError if a field before it is invalid: there, the server fails."""

    def check(value: Any, info: core_schema.ValidationInfo) -> Any:
        if words := rule(info.data or {}, value):
            raise ValueError(words)
        return value

    return check


def _ordered(_: Mapping[str, Any], box: Any) -> str | None:
    for axis in "xy":
        low, high = box[f"{axis}_min"], box[f"{axis}_max"]
        if low > high:
            return f"{axis}_min ({low}) is greater than {axis}_max ({high})."
    return None


def labelled(_: Mapping[str, Any], node: Any) -> str | None:
    """The rule for nodes whose label may be in another field."""
    missing = node["label"] == CUSTOM_LABEL and not (node["custom_label"] or "").strip()
    return "You must enter a Custom Label" if missing else None


NODE_RULES: Final[Mapping[tuple[str, str], NodeRule]] = {
    **contract.NODE_RULES,
    ("prompt_from_file", "file_path"): lambda node, value: None if Path(value).exists() else f"{FileNotFoundError}",
}
"""By node type and field."""

RULED: Final = frozenset(node_type for node_type, _ in NODE_RULES)
"""The node types with rules."""

CHANGES: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {("noise", "seed"): lambda value: value % 2**32}
"""What the server makes of a value before it checks it, by node type and field. It fails where this raises."""

RECORD_RULES: Final[Mapping[str, NodeRule]] = {"BoundingBoxField": _ordered}
"""By record."""


def fits(node: Mapping[str, Any], field: str, value: Any) -> bool:
    """Whether the server accepts this value, which an edge delivers, for this field of the node."""
    rule = NODE_RULES.get((node["type"], field))
    return rule is None or rule(node, value) is None
