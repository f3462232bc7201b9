"""Reports: a drift as text, as JSON and as Markdown. `docs/schemas/drift.schema.json` describes the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal, TypeAlias

from invokable.codegen.drift.interfaces import Comparison
from invokable.contract.interface import Change, Drift, Interface
from invokable.contract.interface.rules import Breaks
from invokable.contract.interface.words import change_line
from invokable.contract.listing import all_of, counted

Form: TypeAlias = Literal["text", "json", "markdown"]
REPORT_FORMAT: Final = 1
"""The format of the JSON."""

_HEADINGS: Final = {
    "callers": "breaks callers",
    "indices": "breaks callers that use indices",
    "nobody": "breaks nobody",
}
_MARKED: Final = re.compile(r"([\\`*_\[\]<>#|~])")


def report(comparison: Comparison, form: Form) -> str:
    """A comparison in the given form, without a final line break."""
    return _REPORTS[form](comparison)


def verdict_line(drift: Drift) -> str:
    """The verdict, for a heading."""
    if drift.verdict == "same":
        return "no changes"
    return f"breaking for {whom(drift.breaks)}" if drift.breaking else "compatible"


def text_lines(drift: Drift) -> Iterator[str]:
    """The changes as text: grouped by whom they break, aligned, with the reason if they break anyone."""
    width = max((len(change.where) for change in drift.changes), default=0)
    for breaks, heading in _HEADINGS.items():
        changes = [change for change in drift.changes if change.breaks == breaks]
        if changes:
            yield f"  {heading}:"
        for reason, alike in groupby(changes, key=lambda change: change.reason):
            yield from (f"    {change.where:<{width}}  {change_line(change)}" for change in alike)
            if breaks != "nobody":
                yield f"    {'':<{width}}  ({reason})"
    same = [*drift.unchanged_inputs, *(f"{name} (output)" for name in drift.unchanged_outputs)]
    if same and drift.changes:
        yield f"  unchanged: {', '.join(same)}"


def drift_json(drift: Drift) -> dict[str, Any]:
    """The changes as a JSON object."""
    return {
        "verdict": drift.verdict,
        "breaks": drift.breaks,
        "changes": [_change_json(change) for change in drift.changes],
        "unchanged": {"inputs": list(drift.unchanged_inputs), "outputs": list(drift.unchanged_outputs)},
    }


def markdown_lines(drift: Drift) -> Iterator[str]:
    """The changes as a Markdown table."""
    if drift.changes:
        yield from ("| | what | change | why |", "|---|---|---|---|")
    for breaks in _HEADINGS:
        for change in drift.changes:
            if change.breaks == breaks:
                mark = "" if breaks == "nobody" else "**breaking**"
                what = f"{change.subject} {code(change.name)}" if change.subject != "module" else code(change.name)
                yield f"| {mark} | {what} | {escaped(change_line(change))} | {escaped(change.reason)} |"
    unchanged = (("input", drift.unchanged_inputs), ("output", drift.unchanged_outputs))
    counts = [counted(len(names), noun) for noun, names in unchanged if names]
    if counts and drift.changes:
        yield from ("", f"Unchanged: {all_of(counts)}.")


def code(text: str) -> str:
    """Any text as code in a Markdown table."""
    line = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest else f"`{line}`"


def escaped(text: str) -> str:
    """Text in a Markdown table, with all markup escaped."""
    return _MARKED.sub(r"\\\1", " ".join(text.split())).replace("@", "&#64;")


def as_json(document: Mapping[str, Any]) -> str:
    """A JSON report as ASCII text."""
    return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)


def side_json(name: str, interface: Interface) -> dict[str, Any]:
    """One side of a comparison as a JSON object."""
    return {
        "name": name,
        "class": interface.class_name,
        "schema": interface.schema,
        "index_map_checksum": interface.checksum,
    }


def _text(comparison: Comparison) -> str:
    drift = comparison.drift
    heading = f"{comparison.old} -> {comparison.new}: {verdict_line(drift)}"
    return "\n".join((heading, *text_lines(drift)))


def _json(comparison: Comparison) -> str:
    drift = comparison.drift
    sides = {"old": side_json(comparison.old, drift.old), "new": side_json(comparison.new, drift.new)}
    return as_json({"format": REPORT_FORMAT, **sides, **drift_json(drift)})


def _markdown(comparison: Comparison) -> str:
    drift = comparison.drift
    heading = f"### {code(comparison.old)} → {code(comparison.new)}: {verdict_line(drift)}"
    return "\n".join((heading, "", *markdown_lines(drift))).rstrip()


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "subject": change.subject,
        "name": change.name,
        "verdict": "compatible" if change.breaks == "nobody" else "breaking",
        "breaks": change.breaks,
        "text": change_line(change),
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
    }


def whom(breaks: Breaks) -> str:
    """Whom changes break."""
    return "callers that use indices" if breaks == "indices" else "callers"


_REPORTS: Final[Mapping[Form, Callable[[Comparison], str]]] = {"text": _text, "json": _json, "markdown": _markdown}
FORMS: Final[Sequence[Form]] = tuple(_REPORTS)
