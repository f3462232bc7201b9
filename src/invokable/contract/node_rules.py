"""Node rules: what the server checks in a node beyond its schema, where one field depends on another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

NodeRule = Callable[[Mapping[str, Any], Any], str | None]
"""Returns the server's message about a value, given the fields before it; None if it is valid."""


def _whole_result(node: Mapping[str, Any], value: Any) -> str | None:
    if node["operation"] in ("DIV", "MOD") and value == 0:
        return "Cannot divide by zero"
    return "Result of exponentiation is not an integer" if node["operation"] == "EXP" and value < 0 else None


def _real_result(node: Mapping[str, Any], value: Any) -> str | None:
    if node["operation"] == "DIV" and value == 0:
        return "Cannot divide by zero"
    if node["operation"] != "EXP":
        return None
    if node["a"] == 0 and value < 0:
        return "Cannot raise zero to a negative power"
    is_complex = isinstance(float(node["a"]) ** float(value), complex)
    return "Root operation resulted in a complex number" if is_complex else None


def _within(count: str, name: str) -> NodeRule:
    def rule(node: Mapping[str, Any], value: Any) -> str | None:
        return None if 0 <= value < node[count] else f"{name} must be between 0 and {node[count] - 1}"

    return rule


def _after_start(node: Mapping[str, Any], value: Any) -> str | None:
    return "stop must be greater than start" if "start" in node and value <= node["start"] else None


NODE_RULES: Final[Mapping[tuple[str, str], NodeRule]] = {
    ("float_math", "b"): _real_result,
    ("image_panel_layout", "panel_col_idx"): _within("num_cols", "panel_col_idx"),
    ("image_panel_layout", "panel_row_idx"): _within("num_rows", "panel_row_idx"),
    ("integer_math", "b"): _whole_result,
    ("range", "stop"): _after_start,
}
"""By node type and field. A rule raises KeyError if a field that it needs is missing, and ArithmeticError if the server
cannot compute it."""
