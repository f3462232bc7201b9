"""Naming: file names for many images and videos, from the caller's pattern.

    {attribute}/{index:03}-{name}

The value of a field becomes part of one name, never a folder, whatever names workflows and servers choose.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Final
from unicodedata import normalize

from invokable.contract.nearest import suggestion
from invokable.runtime.client.surface import checked_media, checked_medium
from invokable.runtime.values.media import Image, Video, media_in
from invokable.runtime.values.result import WorkflowResult

_FIELDS: Final = ("attribute", "batch_id", "height", "index", "name", "node_id", "width")
_FORMAT: Final = re.compile(r"0?[0-9]{0,2}")
_SUFFIXES: Final = {Image: (".png", ".webp"), Video: (".mp4",)}
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_LONGEST: Final = 80  # characters per value
_LONGEST_NAME: Final = 200  # bytes per file name, without number and suffix


@dataclass(frozen=True, slots=True)
class Named:
    """An image or a video, and values for its file name."""

    medium: Image | Video
    attribute: str
    index: int
    batch_id: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    """Values of additional fields, which take precedence over those common to all files."""


def named(media: WorkflowResult | Iterable[Image | Video]) -> list[Named]:
    """The images and videos, numbered from 0: per attribute for a result, otherwise all together."""
    if not isinstance(media, WorkflowResult):
        each = map(checked_medium, checked_media(media))
        return [Named(medium, medium.collection.removesuffix("s"), index) for index, medium in enumerate(each)]
    return [
        Named(medium, attribute, index, media.batch_id)
        for attribute, value in vars(media).items()
        if attribute not in WorkflowResult.__annotations__
        for index, medium in enumerate(media_in(value))
    ]


def paths(
    files: Sequence[Named],
    folder: str | os.PathLike[str],
    pattern: str,
    *,
    more: Mapping[str, object] = MappingProxyType({}),
) -> list[Path]:
    """A distinct path below the folder for each file.

    `more` has the values of additional fields. Raises ValueError for an invalid pattern.
    """
    parts = _parsed(pattern, {**more, **dict.fromkeys(_FIELDS)})
    taken: set[str] = set()
    return [Path(folder) / _free(_path(file, parts, more), taken) for file in files]


def reserve(path: Path) -> Path:
    """Create an empty file at `path`, or beside it with the next free number, to be replaced. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, free = 1, path
    while True:
        try:
            free.open("xb").close()
        except FileExistsError:
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        else:
            return free


def _parsed(pattern: str, known: Collection[str]) -> list[tuple[str, str | None, str]]:
    """The literal parts of a pattern, each with the name and the format of the field that follows."""
    try:
        fields = list(Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError(f"invalid pattern {pattern!r}: {error}; write {{{{ and }}}} for literal braces") from None
    for text, name, form, conversion in fields:
        if name is not None and name not in known:
            hint = suggestion(name, known) or f"; known: {', '.join(sorted(known))}"
            raise ValueError(f"unknown field {{{name}}} in the pattern {pattern!r}{hint}")
        if conversion or not _FORMAT.fullmatch(form or ""):
            raise ValueError(
                f"invalid format of {{{name}}} in the pattern {pattern!r}; expected a width, such as {{index:03}}"
            )
        if "\\" in text or ".." in text.split("/"):
            raise ValueError(f"the pattern {pattern!r} leads outside the folder")
    if not pattern or pattern.startswith("/") or pattern.endswith("/"):
        raise ValueError(
            f"the pattern {pattern!r} is not a file name; expected a relative path such as {{attribute}}/{{index}}"
        )
    return [(text, name, form or "") for text, name, form, _ in fields]


def _path(file: Named, parts: Sequence[tuple[str, str | None, str]], more: Mapping[str, object]) -> str:
    stem, suffix = os.path.splitext(file.medium.name)
    values: Mapping[str, object] = {
        **more,
        **file.fields,
        "attribute": file.attribute,
        "batch_id": file.batch_id,
        "height": file.medium.height,
        "index": file.index,
        "name": stem,
        "node_id": file.medium.node_id,
        "width": file.medium.width,
    }
    text = "".join(text + ("" if name is None else _part(values[name], form)) for text, name, form in parts)
    folders = [_safe_name(folder) for folder in text.split("/")]
    known = next(suffixes for kind, suffixes in _SUFFIXES.items() if isinstance(file.medium, kind))
    suffix = suffix.lower() if suffix.lower() in known else known[0]
    return "/".join(folders).removesuffix(suffix) + suffix


def _part(value: object, form: str) -> str:
    """A value as part of a name: letters, digits, `_`, `-` and inner dots."""
    text = format(value, form) if isinstance(value, int) else str("" if value is None else value)
    return re.sub(r"[^\w.-]+", "_", normalize("NFC", text))[:_LONGEST].strip(".") or "_"


def _safe_name(name: str) -> str:
    """A name that is not hidden, not a device name on any system, and not too long for a file system."""
    name = re.sub(r'[\x00-\x1f<>:"|?*]', "_", name).strip(" .") or "_"
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return os.fsencode(name)[:_LONGEST_NAME].decode(errors="ignore")


def _free(path: str, taken: set[str]) -> str:
    """The path, with a number if it is taken; some file systems are not case-sensitive."""
    stem, suffix = os.path.splitext(path)
    number, free = 1, path
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    taken.add(free.casefold())
    return free
