"""Batch rules: whether the values of batches obey the rules of their nodes, which may depend on several values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from invokable.contract.node_rules import NODE_RULES, NodeRule
from invokable.runtime.errors import Problem
from invokable.runtime.steps.runs.batches import Data, expanded, problem_of
from invokable.runtime.values.pins import Pins


def rule_problems(pins: Pins, graph: Mapping[str, Any], data: Data) -> list[Problem]:
    """What the nodes of valid values would refuse, since a rule of theirs depends on several fields."""
    targets = {(target.node_id, target.field): target for group in pins.batch.groups for target in group}
    return [problem_of(pins, targets[place], reason) for place, reason in broken_rules(graph, data)]


def broken_rules(graph: Mapping[str, Any], data: Data) -> Iterator[tuple[tuple[str, str], str]]:
    """For each rule that some queue item would break, the node and field whose values break it, and the reason."""
    for node_id in dict.fromkeys(entry["node_path"] for group in data for entry in group):
        node = graph["nodes"][node_id]
        own = [part for group in data if (part := [entry for entry in group if entry["node_path"] == node_id])]
        for (node_type, field), rule in NODE_RULES.items():
            if node_type != node["type"]:
                continue
            values = ({name: value for _, name, value in item} for item in expanded(own))
            if reason := next(filter(None, (_broken(node | given, field, rule) for given in values)), ""):
                yield (node_id, _responsible(own, field)), reason


def _broken(node: Mapping[str, Any], field: str, rule: NodeRule) -> str:
    try:
        reason = rule(node, node[field])
    except KeyError:  # the server uses a default, which obeys the rule
        return ""
    except ArithmeticError as error:
        reason = str(error)
    return f"{node['type']} refuses {field}={node[field]!r:.60}: {reason}" if reason else ""


def _responsible(groups: Data, field: str) -> str:
    """The field itself if a batch sets it, or else one that the rule may depend on."""
    fields = [entry["field_name"] for group in groups for entry in group]
    return field if field in fields else fields[0]
