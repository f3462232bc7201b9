"""Pattern: where the files of a run go, from `--out`.

    out/{workflow}-{attribute}-{seed}-{index:03}
    ─┬─ ────────────────────┬───────────────────
     folder                 a name as `Client.save_all` takes it, with the workflow's own fields beside those

The text between braces comes from the workflow and from the server: it becomes part of one name, never a folder.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invokable import Image, Model, Workflow
from invokable.runtime.client.naming import Named, paths
from invokable.runtime.values.pins import pins_of

DEFAULT: Final = "{workflow}-{attribute}-{index:03}"

_FOLDER: Final = re.compile(r"((?:[^{}]|\{\{|\}\})*/)?(.*)", re.DOTALL)
_OTHER_SUFFIXES: Final = (".jpg", ".jpeg", ".gif", ".bmp", ".tiff", ".webm", ".mov", ".avi", ".mkv")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Where files go: below a folder, under a name with fields, some of which are the same for all files of a run."""

    folder: Path
    name: str
    fields: Mapping[str, object]

    def paths(self, files: Sequence[Named]) -> list[Path]:
        """Where each of the files goes, unless there is one already. Raises ValueError for a pattern that is wrong."""
        return paths(files, self.folder, self.name, more=self.fields)


def parse_pattern(text: str, flow: Workflow | None, workflow: str) -> Pattern:
    """Read a pattern, or the name of a folder, for the files of a workflow called `workflow`.

    Without a `flow` there are no values to name files after. Raises ValueError for a pattern that is wrong, and
    OSError for a folder that cannot hold files.
    """
    if not text or text.endswith(("/", os.sep)) or os.path.isdir(text):
        pattern = Pattern(Path(os.path.expanduser(text)), DEFAULT, {"workflow": workflow})
    elif text.lower().endswith(_OTHER_SUFFIXES):
        raise ValueError("images are saved as the server's PNG files, videos as MP4: leave out the suffix")
    else:
        folder, name = _FOLDER.fullmatch(text).groups(default="")  # type: ignore[union-attr]  # it fits any text
        folder = os.path.expanduser(folder.replace("{{", "{").replace("}}", "}"))
        pattern = Pattern(Path(folder), name, _fields(flow, workflow))
    (path,) = pattern.paths([Named(Image("name.png"), "attribute", 0, "batch")])
    _check_folder(path.parent)
    return pattern


def _check_folder(folder: Path) -> None:
    """Raise OSError if files cannot be made in a folder, or the folder not where it is to be."""
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    reason = errno.ENOTDIR if not place.is_dir() else 0 if os.access(place, os.W_OK | os.X_OK) else errno.EACCES
    if reason:
        raise OSError(reason, os.strerror(reason), str(place))


def _fields(flow: Workflow | None, workflow: str) -> dict[str, object]:
    """The workflow, its seed, and the values of inputs that fit into a name; what is fed by an edge has none."""
    if flow is None:
        return {"workflow": workflow, "seed": "noseed"}
    fed = {pin.attribute for pin in pins_of(type(flow)).inputs if pin.connected}
    inputs = {
        name: value for _, name, value in flow if name not in fed and isinstance(value, str | int | float | Model)
    }
    return {**inputs, "workflow": workflow, "seed": _seed(flow)}


def _seed(flow: Workflow) -> object:
    """The seed that the run has: the form's, else the one that the only such node of the graph holds."""
    pins = pins_of(type(flow))
    for pin in pins.inputs:
        if pin.field == "seed" and not pin.connected:
            return getattr(flow, pin.attribute)
    seeds = {node["seed"] for node in pins.graph["nodes"].values() if isinstance(node.get("seed"), int)}
    return seeds.pop() if len(seeds) == 1 else "noseed"
