"""Return values of workflows that are called by others."""

from __future__ import annotations

from typing import Any

from invokable.contract.fields import CALL
from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node


@node("workflow_return_value")
def workflow_return_value(run: NodeRun) -> Fields:
    """Name a value."""
    return {"value": {"key": _key(run["key"]), "value": run["value"]}}


@node("workflow_return")
def workflow_return(run: NodeRun) -> Fields:
    """Collect named values."""
    values = run["values"] if isinstance(run["values"], list) else [run["values"]]
    named: dict[str, Any] = {}
    for value in values:
        key = _key(value["key"])
        if key in named:
            raise ValueError(f"Duplicate workflow return key '{key}'.")
        named[key] = value.get("value")
    return {"values": named}


@node("workflow_return_get")
def workflow_return_get(run: NodeRun) -> Fields:
    """Return one of the named values."""
    key = _key(run["key"])
    if key not in run["values"]:
        raise ValueError(f"Workflow return key '{key}' was not found.")
    return {"value": run["values"][key]}


def _key(key: str) -> str:
    if not key.strip():
        raise ValueError("Workflow return key must not be empty.")
    return key.strip()


@node(CALL)
def call_saved_workflow(run: NodeRun) -> Fields:
    """Fail: saved workflows are not available here."""
    if not run["workflow_id"]:
        raise ValueError("A saved workflow must be selected before executing call_saved_workflow.")
    raise ValueError(f"The selected saved workflow '{run['workflow_id']}' could not be found.")
