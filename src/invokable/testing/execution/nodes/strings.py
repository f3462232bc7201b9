"""Joining, splitting and replacing text."""

from __future__ import annotations

import re

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node


@node("string_join", "string_join_three")
def string_join(run: NodeRun) -> Fields:
    """Join two or three strings."""
    return {"value": "".join(run[name] or "" for name in run.template.inputs)}


@node("string_split")
def string_split(run: NodeRun) -> Fields:
    """Split at the first delimiter."""
    first, *rest = run["string"].split(run["delimiter"], 1)
    return {"string_1": first, "string_2": rest[0] if rest else ""}


@node("string_replace")
def string_replace(run: NodeRun) -> Fields:
    """Replace text, ignoring case, or the matches of a regular expression."""
    text, sought = run["string"] or "", run["search_string"] or ""
    if not sought:
        return {"value": text}
    pattern = sought if run["use_regex"] else "(?i)" + re.escape(sought)
    return {"value": re.sub(pattern, run["replace_string"] or "", text)}


@node("string_split_neg")
def string_split_neg(run: NodeRun) -> Fields:
    """Split off text in square brackets as the negative prompt; a backslash escapes a bracket."""
    positive, negative, depth, escaped = "", "", 0, False
    for char in run["string"] or "":
        if char == "[" and not escaped:
            negative += " "
            depth += 1
        elif char == "]" and not escaped:
            depth -= 1
        elif depth > 0:
            negative += char
        else:
            positive += char
        escaped = char == "\\" and not escaped
    return {"positive_string": positive, "negative_string": negative}
