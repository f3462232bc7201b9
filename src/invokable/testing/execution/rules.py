"""Rules for fields that are not in the schema, and may depend on the node's other fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Rule = Callable[[Mapping[str, Any], Any], bool]
"""Whether a value is valid, given its node."""


def _divides(node: Mapping[str, Any], value: Any) -> bool:
    return not (node["operation"] in {"DIV", "MOD"} and value == 0) and not (node["operation"] == "EXP" and value < 0)


def _has_a_real_result(node: Mapping[str, Any], value: Any) -> bool:
    if node["operation"] == "DIV":
        return bool(value != 0)
    if node["operation"] == "EXP":
        return not (node["a"] == 0 and value < 0) and not isinstance(node["a"] ** value, complex)
    return True


_RULES: Final[dict[tuple[str, str], Rule]] = {
    ("float_math", "b"): _has_a_real_result,
    ("image_panel_layout", "panel_col_idx"): lambda node, value: value < node["num_cols"],
    ("image_panel_layout", "panel_row_idx"): lambda node, value: value < node["num_rows"],
    ("integer_math", "b"): _divides,
    ("range", "stop"): lambda node, value: value > node["start"],
}


def fits(node: Mapping[str, Any], field: str, value: Any) -> bool:
    """Whether the server would accept this value for this field of the node."""
    rule = _RULES.get((node["type"], field))
    return rule is None or rule(node, value)
