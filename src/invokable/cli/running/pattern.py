"""Pattern: where to save the files of a run, from `--out`.

    out/{workflow}-{attribute}-{seed}-{index:03}
    ─┬─ ────────────────────┬───────────────────
     folder                 a name as for `Client.save_all`, with more fields for the workflow

The field values come from the workflow and the server: they become part of a file name, never a folder.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from invokable import Image, Model, Workflow, WorkflowResult
from invokable.cli.running.seeds import NO_SEED, seeds_of
from invokable.runtime.client.naming import Named, named, paths
from invokable.runtime.values.pins import pins_of

if TYPE_CHECKING:
    from invokable import Client

DEFAULT: Final = "{workflow}-{attribute}-{index:03}"

_FOLDER: Final = re.compile(r"((?:[^{}]|\{\{|\}\})*/)?(.*)", re.DOTALL)
_OTHER_SUFFIXES: Final = (".jpg", ".jpeg", ".gif", ".bmp", ".tiff", ".webm", ".mov", ".avi", ".mkv")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A folder and a file name with fields, some of which are the same for all files of a run."""

    folder: Path
    name: str
    fields: Mapping[str, object]
    workflow: type[Workflow]
    flow: Workflow | None

    def places(self, result: WorkflowResult, client: Client) -> list[tuple[Named, Path]]:
        """The files of a result, each with its path if that is free. Raises ConnectionError."""
        files = named(result)
        if "{seed" in self.name:
            seeds = seeds_of(self.workflow, self.flow, result, files, client)
            files = [replace(file, fields={"seed": seed}) for file, seed in zip(files, seeds, strict=True)]
        return list(zip(files, self._paths(*files), strict=True))

    def check(self) -> None:
        """Raise ValueError for an invalid pattern, and OSError for an unusable folder."""
        (path,) = self._paths(Named(Image("name.png"), "attribute", 0, "batch"))
        _check_folder(path.parent)

    def _paths(self, *files: Named) -> list[Path]:
        return paths(files, self.folder, self.name, more=self.fields)


def parse_pattern(text: str, flow: Workflow | None, workflow: type[Workflow], stem: str) -> Pattern:
    """Read a pattern or folder name for the files of a workflow whose source is named `stem`.

    Without a `flow`, there are no input values for names. Raises ValueError for an invalid pattern, and OSError for
    an unusable folder.
    """
    if text.lower().endswith(_OTHER_SUFFIXES) and not os.path.isdir(text):
        raise ValueError("images are saved as PNG and videos as MP4; omit the suffix")
    if not text or text.endswith(("/", os.sep)) or os.path.isdir(text):
        folder, name = text, DEFAULT
    else:
        folder, name = _FOLDER.fullmatch(text).groups(default="")  # type: ignore[union-attr]  # it fits any text
        folder = folder.replace("{{", "{").replace("}}", "}")
    pattern = Pattern(Path(os.path.expanduser(folder)), name, _fields(flow, stem), workflow, flow)
    pattern.check()
    return pattern


def _check_folder(folder: Path) -> None:
    """Raise OSError if the folder cannot be created, or files cannot be created in it."""
    place = next(place for place in (folder, *folder.absolute().parents) if _is_there(place))
    reason = errno.ENOTDIR if not place.is_dir() else 0 if os.access(place, os.W_OK | os.X_OK) else errno.EACCES
    if reason:
        raise OSError(reason, os.strerror(reason), str(place))


def _is_there(path: Path) -> bool:
    """Whether a path exists. Raises OSError if it cannot, unlike Path.exists since Python 3.14."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _fields(flow: Workflow | None, stem: str) -> dict[str, object]:
    """The workflow, and the values of inputs that fit into a name; inputs fed by an edge have none."""
    fed = {pin.attribute for pin in pins_of(type(flow)).inputs if pin.connected} if flow else ()
    inputs = {
        name: value for _, name, value in flow or () if name not in fed and isinstance(value, str | int | float | Model)
    }
    return {**inputs, "workflow": stem, "seed": NO_SEED}
