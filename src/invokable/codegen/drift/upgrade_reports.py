"""Upgrade reports: what an upgrade breaks, as text, JSON and Markdown.

`docs/schemas/upgrade.schema.json` describes the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from invokable.codegen.drift.reports import (
    REPORT_FORMAT,
    Form,
    as_json,
    code,
    drift_json,
    escaped,
    markdown_lines,
    text_lines,
    verdict_line,
)
from invokable.codegen.drift.upgrade import Upgrade, UpgradedModule
from invokable.contract.listing import counted
from invokable.schema.compare import NodeChange

_NOTHING: Final[dict[str, list[str]]] = {"inputs": [], "outputs": []}


def upgrade_report(upgrade: Upgrade, form: Form) -> str:
    """An upgrade in the given form, without a final line break."""
    return _REPORTS[form](upgrade)


def _text(upgrade: Upgrade) -> str:
    lines = [f"InvokeAI {upgrade.old.version} -> {upgrade.new.version}: {_summary(upgrade)}"]
    for module in upgrade.modules:
        lines += ["", f"{module.name}: {_verdict(module)}"]
        lines += list(text_lines(module.drift)) if module.drift else []
    if upgrade.nodes:
        lines += ["", "node types:"]
    for node_type, changes in _by_type(upgrade):
        lines.append(f"  {node_type}")
        lines += [f"    {change}" for change in changes]
    return "\n".join(lines)


def _markdown(upgrade: Upgrade) -> str:
    versions = f"{code(upgrade.old.version)} → {code(upgrade.new.version)}"
    lines = [f"### InvokeAI {versions}: {_summary(upgrade)}"]
    for module in upgrade.modules:
        lines += ["", f"#### {code(module.name)}: {escaped(_verdict(module))}", ""]
        lines += markdown_lines(module.drift) if module.drift else ()
    if upgrade.nodes:
        lines += ["", "#### Node types", "", "| node type | change |", "|---|---|"]
    for node_type, changes in _by_type(upgrade):
        lines += [f"| {code(node_type)} | {escaped(str(change))} |" for change in changes]
    return "\n".join(lines).rstrip()


def _json(upgrade: Upgrade) -> str:
    return as_json(
        {
            "format": REPORT_FORMAT,
            "old": upgrade.old.version,
            "new": upgrade.new.version,
            "verdict": "breaking" if upgrade.breaking else "compatible",
            "modules": [_module_json(module) for module in upgrade.modules],
            "nodes": [_node_json(change) for change in upgrade.nodes],
        }
    )


def _module_json(module: UpgradedModule) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "breaks": "callers" if module.breaking else "nobody",
        "changes": [],
        "unchanged": _NOTHING,
    }
    drift = drift_json(module.drift) if module.drift else nothing
    verdict = drift.get("verdict") or ("breaking" if module.breaking else "compatible")
    return {"name": module.name, "error": _error_json(module), **drift, "verdict": verdict}


def _error_json(module: UpgradedModule) -> dict[str, Any] | None:
    error = module.error
    if error is None or module.failed is None:
        return None
    return {
        "schema": module.failed.version,
        "message": error.message,
        "pointer": error.pointer,
        "suggestion": error.suggestion,
    }


def _node_json(change: NodeChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "node_type": change.node_type,
        "field": change.field,
        "aspect": change.aspect,
        "before": change.before,
        "after": change.after,
        "unlisted": change.unlisted,
        "text": str(change),
    }


def _summary(upgrade: Upgrade) -> str:
    if not upgrade.modules:
        return f"{counted(len(upgrade.nodes), 'change')} of node types"
    broken = sum(module.breaking for module in upgrade.modules)
    return f"breaks {broken or 'none'} of {counted(len(upgrade.modules), 'module')}"


def _verdict(module: UpgradedModule) -> str:
    if module.error is not None and module.failed is not None:
        where = f"{module.error.pointer}: " if module.error.pointer else ""
        nobody = "" if module.breaking else ", so it breaks nobody"
        return f"cannot be generated for InvokeAI {module.failed.version}{nobody}: {where}{module.error.message}"
    return verdict_line(module.drift) if module.drift else ""


def _by_type(upgrade: Upgrade) -> Iterator[tuple[str, list[NodeChange]]]:
    for node_type, changes in groupby(upgrade.nodes, key=lambda change: change.node_type):
        yield node_type, list(changes)


_REPORTS: Final[Mapping[Form, Callable[[Upgrade], str]]] = {"text": _text, "json": _json, "markdown": _markdown}
