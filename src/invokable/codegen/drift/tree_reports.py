"""Tree reports: the comparison of two folders as text, JSON and Markdown.

`docs/schemas/folders.schema.json` describes the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    whom,
)
from invokable.codegen.drift.trees import FileDrift, Status, TreeComparison
from invokable.contract.listing import counted

_REASONS: Final[Mapping[Status, str]] = {
    "removed": "imports of its module fail",
    "renamed": "its module was renamed, and imports of the old one fail",
}


def tree_report(comparison: TreeComparison, form: Form) -> str:
    """A comparison in the given form, without a final line break."""
    return _REPORTS[form](comparison)


def _text(comparison: TreeComparison) -> str:
    lines = [f"{comparison.old} -> {comparison.new}: {_summary(comparison)}"]
    apart = True
    for file in _touched(comparison):
        details = [f"  ({_REASONS[file.status]})"] if file.status in _REASONS else []
        details += text_lines(file.comparison.drift) if file.comparison else []
        lines += [*[""] * (apart or bool(details)), f"{_named(file)}: {_verdict(file)}", *details]
        apart = bool(details)
    same = _same(comparison)
    if same and len(same) < len(comparison.files):
        lines += ["", f"unchanged: {', '.join(same)}"]
    return "\n".join(lines)


def _markdown(comparison: TreeComparison) -> str:
    lines = [f"### {code(comparison.old)} → {code(comparison.new)}: {_summary(comparison)}"]
    for file in _touched(comparison):
        reason = f" ({_REASONS[file.status]})" if file.status in _REASONS else ""
        lines += ["", f"#### {_named(file, code, '→')}: {escaped(_verdict(file))}{reason}"]
        changes = list(markdown_lines(file.comparison.drift)) if file.comparison else []
        lines += ["", *changes] if changes else []
    same = len(_same(comparison))
    if same and same < len(comparison.files):
        lines += ["", f"{counted(same, 'file')} {'is' if same == 1 else 'are'} unchanged."]
    return "\n".join(lines)


def _json(comparison: TreeComparison) -> str:
    return as_json(
        {
            "format": REPORT_FORMAT,
            "old": comparison.old,
            "new": comparison.new,
            "verdict": _tree_verdict(comparison),
            "breaks": comparison.breaks,
            "files": [_file_json(file) for file in comparison.files],
        }
    )


def _file_json(file: FileDrift) -> dict[str, Any]:
    changes: dict[str, Any] = {"changes": [], "unchanged": {"inputs": [], "outputs": []}}
    if file.comparison is not None:
        found = drift_json(file.comparison.drift)
        changes = {key: found[key] for key in changes}
    return {
        "old": file.old,
        "new": file.new,
        "status": file.status,
        "verdict": "same" if file.status == "same" else "compatible" if file.breaks == "nobody" else "breaking",
        "breaks": file.breaks,
        "error": None if file.error is None else str(file.error),
        **changes,
    }


def _tree_verdict(comparison: TreeComparison) -> str:
    if comparison.breaks != "nobody":
        return "breaking"
    return "compatible" if _touched(comparison) else "same"


def _summary(comparison: TreeComparison) -> str:
    touched, total = _touched(comparison), len(comparison.files)
    if not touched:
        return "no changes"
    files = counted(total, "file")
    if comparison.breaks == "nobody":
        return f"compatible ({len(touched)} of {files} changed)"
    broken = sum(file.breaks != "nobody" for file in touched)
    return f"breaking for {whom(comparison.breaks)} ({broken} of {files})"


def _verdict(file: FileDrift) -> str:
    if file.error is not None:
        where = f"{file.error.pointer}: " if file.error.pointer else ""
        return f"cannot be read: {where}{file.error.message}"
    if file.status == "changed" and file.comparison:
        return verdict_line(file.comparison.drift)
    return file.status if file.breaks == "nobody" else f"{file.status}: breaking for {whom(file.breaks)}"


def _touched(comparison: TreeComparison) -> list[FileDrift]:
    return [file for file in comparison.files if file.status != "same"]


def _same(comparison: TreeComparison) -> list[str]:
    return [_named(file) for file in comparison.files if file.status == "same"]


def _named(file: FileDrift, word: Callable[[str], str] = str, arrow: str = "->") -> str:
    """The path of a file; both paths if it was renamed or a module is compared with a workflow."""
    paths: Iterator[str] = (word(path) for path in dict.fromkeys((file.old, file.new)) if path is not None)
    return f" {arrow} ".join(paths)


_REPORTS: Final[Mapping[Form, Callable[[TreeComparison], str]]] = {"text": _text, "json": _json, "markdown": _markdown}
