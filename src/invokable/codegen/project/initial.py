"""Initial: the commented table for a new project, with the workflows found in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

from invokable.codegen.naming.names import module_name
from invokable.codegen.project.sources import Source, files_below
from invokable.codegen.project.tools import read_tools
from invokable.contract.server import LOCAL, NEWEST
from invokable.workflow import WorkflowFileError, read_document
from invokable.workflow.document import SUFFIXES, is_workflow

_MOST: Final = 2_000
"""The maximum number of files searched."""
_LARGEST: Final = 8 * 1024 * 1024

_HEAD: Final = f"""\
[tool.invokable]
# Settings for all sources; a source can override them.
# Node schemas of an InvokeAI version or from an openapi.json, or from a running server, including custom nodes.
# schema = "{NEWEST}"
# server = "{LOCAL}"
# With a server: list its models in the modules, for completion.
# models = false
# Drop what the editor would drop, with a warning, instead of refusing the workflow.
# lenient = false
# A folder of templates that override the built-in ones. Templates are code.
# templates = "templates"
"""
_SOURCE: Final = """
[[tool.invokable.sources]]
# A file, a folder and everything below it, or a glob; and a folder, or a file for a single module.
path = {path}
output = {output}
# Write an __init__.py that re-exports the classes, and a py.typed.
# package = true
# typed = true
"""
_WORKFLOW: Final = """
# Names for one workflow: its class, inputs by node id and field, outputs by node id.
# [tool.invokable.workflows.{key}]
# class = "Portrait"
# rename = {{ "node id" = {{ field = "attribute" }} }}
# outputs = {{ "node id" = "attribute" }}
"""


@dataclass(frozen=True, slots=True)
class InitialConfig:
    """The configuration of a new project."""

    text: str
    """The full text of its pyproject.toml."""
    workflows: tuple[str, ...]
    """The workflows found, as paths with slashes."""
    outputs: tuple[str, ...]
    """The outputs for their modules."""


class AlreadyConfiguredError(Exception):
    """The pyproject.toml already has the table."""


def initial_config(folder: Path, current: str | None) -> InitialConfig:
    """The pyproject.toml for a folder, whose current text is `current`, with a `[tool.invokable]` table added.

    Raises AlreadyConfiguredError if it has one, ValueError and RecursionError if the text is not TOML, and OSError.
    """
    if current is not None and "invokable" in read_tools(current.encode()):
        raise AlreadyConfiguredError
    workflows = find_workflows(folder)
    roots = _roots(workflows) or ["workflows"]
    outputs = _outputs(_output(folder), roots)
    table = _HEAD + "".join(
        _commented(_SOURCE.format(path=_quoted(root), output=_quoted(out)), workflows)
        for root, out in zip(roots, outputs, strict=True)
    )
    table += _WORKFLOW.format(key=_quoted(workflows[0] if workflows else "workflows/portrait.json"))
    text = _appended(current or "", table)
    read_tools(text.encode())
    return InitialConfig(text, tuple(workflows), tuple(dict.fromkeys(outputs)))


def _appended(current: str, table: str) -> str:
    """A text with a table after it, with the line ends of the text."""
    kept = current.rstrip()
    added = f"\n\n{table}" if kept else table
    return kept + (added.replace("\n", "\r\n") if "\r\n" in current else added)


def find_workflows(folder: Path) -> list[str]:
    """The workflow files below a folder, as paths with slashes. Raises OSError.

    Images count only if there is no JSON: those that a workflow made contain it, too.
    """
    found = []
    for number, source in enumerate(files_below(folder, "")):
        if number >= _MOST:
            break
        if source.path is not None and _is_workflow(source):
            found.append(source.path.relative_to(folder).as_posix())
    named = sorted(name for name in found if "\\" not in name)  # a table cannot name the others
    return [name for name in named if name.endswith(".json")] or named


def _is_workflow(source: Source) -> bool:
    assert source.path is not None
    try:
        if source.path.stat().st_size > _LARGEST:
            return False
        return is_workflow(read_document(source.path.read_bytes()))
    except (OSError, WorkflowFileError):
        return False


def _roots(workflows: Iterable[str]) -> list[str]:
    """The topmost folders that contain workflows; for a workflow at the top level, the file itself."""
    folders = sorted({str(PurePosixPath(name).parent) for name in workflows} - {"."})
    roots = [f for f in folders if not any(PurePosixPath(f).is_relative_to(o) for o in folders if o != f)]
    return roots + sorted(name for name in workflows if "/" not in name)


def _output(folder: Path) -> str:
    """The output for a project's modules: in its only package, under `src` or at the top level."""
    for place, prefix in ((folder / "src", "src/"), (folder, "")):
        packages = sorted(path.parent.name for path in place.glob("*/__init__.py"))
        packages = [name for name in packages if name.isidentifier() and name not in ("tests", "docs")]
        if len(packages) == 1:
            return f"{prefix}{packages[0]}/flows"
    return "flows"


def _outputs(output: str, roots: list[str]) -> list[str]:
    """The output for the modules of each root: one for all files, and an importable folder for each folder."""
    if len(roots) == 1:
        return [output]
    names = [module_name(_stem(root)) for root in roots]
    outputs: list[str] = []
    for root, name in zip(roots, names, strict=True):
        if root.endswith(SUFFIXES) and names.count(name) == 1:
            outputs.append(output)
            continue
        numbered = (f"{output}/{name}{f'_{number}' if number > 1 else ''}" for number in count(1))
        outputs.append(next(folder for folder in numbered if folder not in outputs))
    return outputs


def _stem(root: str) -> str:
    name = PurePosixPath(root).name
    return PurePosixPath(name).stem if name.endswith(SUFFIXES) else name


def _commented(source: str, workflows: list[str]) -> str:
    """The table of a source; commented out in a project without workflows, where it would match nothing."""
    if workflows:
        return source
    return "".join(f"# {line}\n" if line[:1] not in ("", "#") else f"{line}\n" for line in source.splitlines())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
