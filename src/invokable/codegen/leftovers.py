"""Leftovers: modules whose workflow is gone, and packages that no longer hold any.

Only what we wrote and nobody has edited is ever removed, and only below the output of a configured source.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from invokable.codegen.existing import MARKER
from invokable.codegen.package import is_our_package
from invokable.codegen.project import Project
from invokable.codegen.said import is_ours, read_lines


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that we wrote and that has lost its purpose."""

    path: Path
    text: str
    reason: str
    edited: bool = False
    """Somebody has edited it since: it stays."""


def leftovers(project: Project, root: Path, kept: Collection[Path]) -> Iterator[Leftover]:
    """What is left over below the output folder `root`, the files in `kept` apart."""
    for path in _python_files(root):
        if path in kept:
            continue
        text = _generated_text(path)
        if text is None:
            continue
        if path.name == "__init__.py":
            if is_our_package(text):
                yield Leftover(path, text, "there is no package to make here")
            continue
        said = read_lines(text)
        if said.source is not None and project.folder is not None and not (project.folder / said.source).exists():
            yield Leftover(path, text, f"{said.source} is gone", edited=not is_ours(text, said))


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _generated_text(path: Path) -> str | None:
    """The text of a regular file that begins as ours do; None for any other."""
    try:
        if path.is_symlink():
            return None
        with path.open("rb") as file:
            start = file.read(len(MARKER))
            return (start + file.read()).decode("utf-8") if start == MARKER.encode() else None
    except (OSError, UnicodeDecodeError):
        return None
