"""Leftovers: modules whose workflow is gone, and packages that no longer hold any.

Only what we wrote and nobody has edited is ever removed, and only below the output of a configured source.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invokable.codegen.project.project import Project
from invokable.codegen.project.sources import is_searched
from invokable.codegen.written.existing import MARKER
from invokable.codegen.written.package import PACKAGE, is_our_package
from invokable.codegen.written.said import is_ours, read_lines

_STDIN: Final = "stdin"
"""The source of a module that was made from standard input, which is nowhere to be looked for."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that we wrote and that has lost its purpose."""

    path: Path
    text: str
    reason: str
    edited: bool = False
    """Somebody has edited it since: it stays."""


def leftovers(project: Project, root: Path, kept: Collection[Path], bare: Collection[Path]) -> Iterator[Leftover]:
    """What is left over below the output folder `root`.

    `kept` are the files that a build makes, `bare` the folders in which it makes modules but no package.
    """
    alive = {folder for path in kept if path.name != PACKAGE for folder in path.parents}
    packages: dict[Path, str] = {}
    for path in _python_files(root):
        text = None if path in kept else _generated_text(path)
        if text is None:
            continue
        if path.name == PACKAGE:
            packages[path] = text
        elif reason := _is_gone(project, path, text):
            yield Leftover(path, text, reason, edited=not is_ours(text, read_lines(text)))
        else:
            alive.update(path.parents)
    for path, text in packages.items():
        if is_our_package(text) and (path.parent in bare or path.parent not in alive):
            yield Leftover(path, text, "there is no package to make here")


def _is_gone(project: Project, path: Path, text: str) -> str:
    """Why nothing is the source of a module any more; empty where something is, or may be."""
    source = read_lines(text).source
    if source is None or source == _STDIN or project.folder is None:
        return ""
    folders = (project.folder, path.parent)  # a module that was made without a configuration is seen from its own
    return "" if any(os.path.exists(folder / source) for folder in folders) else f"{source} is gone"


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if is_searched(os.path.join(folder, name)))
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
