"""Batch rules: whether the values of batches obey the rules of their nodes, which may depend on several values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from invokable.contract.node_rules import NODE_RULES, NodeRule

Entry = Mapping[str, Any]
"""A list of values in the enqueue body, and the field that it goes to."""


def broken_rules(graph: Mapping[str, Any], data: Sequence[Sequence[Entry]]) -> Iterator[tuple[tuple[str, str], str]]:
    """For each rule that some queue item would break, the node and field whose values break it, and the reason."""
    for node_id in dict.fromkeys(entry["node_path"] for group in data for entry in group):
        node = graph["nodes"][node_id]
        own = [part for group in data if (part := [entry for entry in group if entry["node_path"] == node_id])]
        for (node_type, field), rule in NODE_RULES.items():
            if node_type != node["type"]:
                continue
            broken = (_broken(node | values, field, rule) for values in _combined(own))
            if reason := next(filter(None, broken), ""):
                yield (node_id, _responsible(own, field)), reason


def _combined(groups: Iterable[Sequence[Entry]]) -> Iterator[dict[str, Any]]:
    """The values of one node in each queue item: the lists of a group are zipped, groups are multiplied."""
    rows = [
        [dict(zip([entry["field_name"] for entry in group], values, strict=True)) for values in _zipped(group)]
        for group in groups
    ]
    for parts in itertools.product(*rows):
        yield {field: value for part in parts for field, value in part.items()}


def _zipped(group: Sequence[Entry]) -> Iterator[tuple[Any, ...]]:
    return zip(*(entry["items"] for entry in group), strict=False)


def _broken(node: Mapping[str, Any], field: str, rule: NodeRule) -> str:
    try:
        reason = rule(node, node[field])
    except KeyError:  # the server uses a default, which obeys the rule
        return ""
    except ArithmeticError as error:
        reason = str(error)
    return f"{node['type']} refuses {field}={node[field]!r:.60}: {reason}" if reason else ""


def _responsible(groups: Sequence[Sequence[Entry]], field: str) -> str:
    """The field itself if a batch sets it, or else one that the rule may depend on."""
    fields = [entry["field_name"] for group in groups for entry in group]
    return field if field in fields else fields[0]
