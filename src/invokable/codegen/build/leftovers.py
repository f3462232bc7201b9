"""Leftovers: modules whose workflow is gone, and packages without modules.

Only files that invokable wrote and nobody edited are removed, and only below the output of a configured source.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invokable.codegen.project.project import Project
from invokable.codegen.project.sources import walked
from invokable.codegen.written.existing import MARKER
from invokable.codegen.written.header import is_ours, read_header
from invokable.codegen.written.package import PACKAGE, is_our_package
from invokable.contract.utf8 import is_utf8

_STDIN: Final = "stdin"
"""The source of a module that was made from standard input."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that invokable wrote and that is no longer needed."""

    path: Path
    text: bytes
    reason: str
    edited: bool = False
    """Whether it was edited; if so, it is kept."""


def leftovers(project: Project, root: Path, kept: Collection[Path], bare: Collection[Path]) -> Iterator[Leftover]:
    """The leftovers below the output folder `root`.

    `kept` are the files of the build, `bare` the folders where it writes modules but no package.
    """
    alive = {folder for path in kept if path.name != PACKAGE for folder in path.parents}
    packages: dict[Path, bytes] = {}
    for path in walked(root, tolerant=True):
        if path.suffix != ".py":
            continue
        text = None if path in kept else _generated_text(path)
        if text is None:
            continue
        if path.name == PACKAGE:
            packages[path] = text
        elif reason := _is_gone(project, path, text):
            yield Leftover(path, text, reason, edited=not is_ours(text, read_header(text)))
        else:
            alive.update(path.parents)
    for path, text in packages.items():
        if is_our_package(text.decode()) and (path.parent in bare or path.parent not in alive):
            yield Leftover(path, text, "no package is configured here")


def _is_gone(project: Project, path: Path, text: bytes) -> str:
    """Why a module's source is gone; empty if it exists or may exist."""
    source = read_header(text).source
    if source is None or source == _STDIN or project.folder is None:
        return ""
    folders = (project.folder, path.parent)  # without a configuration, sources are relative to the module's folder
    return "" if any(os.path.exists(folder / source) for folder in folders) else f"{source} is gone"


def _generated_text(path: Path) -> bytes | None:
    """The text of a regular file that begins like a generated one; None for any other."""
    try:
        if path.is_symlink():
            return None
        with path.open("rb") as file:
            start = file.read(len(MARKER))
            text = start + file.read() if start == MARKER.encode() else None
    except OSError:
        return None
    return text if text is not None and is_utf8(text) else None
