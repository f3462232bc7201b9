"""Pattern: the name of each file that a run gives, from `--out`.

    out/{workflow}/{attribute}-{seed}-{index:03}

What stands between braces comes from the workflow and from the server: it becomes part of one name, never a folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Final
from unicodedata import normalize

from invokable import Image, Model, Video, Workflow
from invokable.runtime.values.pins import pins_of
from invokable.workflow.errors import nearest

DEFAULT: Final = "{workflow}-{attribute}-{index:03}"

_OWN: Final = ("attribute", "batch_id", "index", "name", "seed", "workflow")
_FORMAT: Final = re.compile(r"0?[0-9]{0,2}")
_SUFFIXES: Final = (".png", ".mp4")
_OTHER_SUFFIXES: Final = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff", ".webm", ".mov", ".avi", ".mkv")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST: Final = 80  # characters of one value
_LONGEST_NAME: Final = 200  # bytes of a file's name, before its number and suffix


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern whose fields are all known. `values` has those that are the same for all files of a run."""

    parts: tuple[tuple[str, str | None, str], ...]
    """Text, and the name and the format of the field after it."""
    values: Mapping[str, object]

    def path(self, medium: Image | Video, attribute: str, index: int, batch_id: str) -> Path:
        """Where a file goes, unless there is one already."""
        stem, suffix = os.path.splitext(medium.name)
        own = {"attribute": attribute, "batch_id": batch_id, "index": index, "name": stem}
        values = {**self.values, **own}
        text = "".join(
            written + ("" if name is None else _part(values[name], form)) for written, name, form in self.parts
        )
        folder, name = os.path.split(os.path.expanduser(text))
        suffix = suffix if suffix.lower() in _SUFFIXES else (".mp4" if isinstance(medium, Video) else ".png")
        return Path(folder) / (_safe_name(name) + suffix)


def parse_pattern(text: str, flow: Workflow | None, workflow: str) -> Pattern:
    """Read a pattern, or the name of a folder, for the files of a workflow called `workflow`.

    Without a `flow` there are no values to name files after. Raises ValueError with what is wrong about it.
    """
    if not text or text.endswith(("/", os.sep)) or os.path.isdir(text):
        text = os.path.join(_escaped(text), DEFAULT)
    if text.lower().endswith(_OTHER_SUFFIXES):
        raise ValueError("images are saved as the server's PNG files, videos as MP4: leave out the suffix")
    if text.lower().endswith(_SUFFIXES):
        text = text[:-4]
    given = {**_inputs(flow), "seed": _seed(flow)} if flow else {"seed": "noseed"}
    values = {**given, "workflow": workflow}
    known = {*_OWN, *values}
    try:
        fields = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; write {{{{ and }}}} for braces") from None
    for _, name, form, conversion in fields:
        if name is None:
            continue
        if name not in known:
            hint = nearest(name, known) or f"known are {', '.join(sorted(known))}"
            raise ValueError(f"has an unknown field {{{name}}} ({hint})")
        if conversion or not _FORMAT.fullmatch(form or ""):
            raise ValueError(f"{{{name}}} may have a width only, as in {{index:03}}")
    return Pattern(tuple((written, name, form or "") for written, name, form, _ in fields), values)


def reserve(path: Path) -> Path:
    """Make an empty file at `path`, or beside it with the next free number, for the caller to replace.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    free, number = path, 1
    while True:
        try:
            free.open("xb").close()
        except FileExistsError:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        else:
            return free


def _escaped(folder: str) -> str:
    return folder.replace("{", "{{").replace("}", "}}")


def _inputs(flow: Workflow) -> dict[str, object]:
    """The values of inputs that fit into a name; what is fed by an edge has none."""
    fed = {pin.attribute for pin in pins_of(type(flow)).inputs if pin.connected}
    return {
        name: value
        for _, name, value in flow
        if name not in fed and isinstance(value, str | int | float | Model) and name not in _OWN
    }


def _seed(flow: Workflow) -> object:
    """The seed that the run has: the form's, else the one that the only such node of the graph holds."""
    pins = pins_of(type(flow))
    for pin in pins.inputs:
        if pin.field == "seed" and not pin.connected:
            return getattr(flow, pin.attribute)
    seeds = {node["seed"] for node in pins.graph["nodes"].values() if isinstance(node.get("seed"), int)}
    return seeds.pop() if len(seeds) == 1 else "noseed"


def _part(value: object, form: str) -> str:
    if not isinstance(value, int):
        form = form.lstrip("0")
    text = normalize("NFC", format(value if isinstance(value, int | float) else str(value), form))
    return re.sub(r"[^\w.-]+", "_", text)[:_LONGEST].strip(".") or "_"


def _safe_name(name: str) -> str:
    """A name that is hidden nowhere, is no device anywhere, and is not too long for a disk."""
    name = name.lstrip(".") or "_"
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return os.fsencode(name)[:_LONGEST_NAME].decode(errors="ignore")
