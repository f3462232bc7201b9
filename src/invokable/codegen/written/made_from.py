"""Made from: the line of a module that tells whether anything has to be done about it.

    MADE_FROM: Final = "0f5d…-93c1…"
                        │     └─ the module's text, byte for byte, when it was written
                        └─ everything that it was made from: workflow, schema, options, names, templates, our version

While both are as they were, a module is neither read as Python nor planned nor formatted again. If only the text
differs, a formatter may have been at it; the checksum of the body decides about that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from invokable.codegen.python.slices import update, with_line

_DIGITS: Final = 32
_NONE: Final = "0" * _DIGITS
_LINE: Final = re.compile(
    rf"""^MADE_FROM: Final = \(?\s*["']([0-9a-f]{{{_DIGITS}}})-([0-9a-f]{{{_DIGITS}}})["']\s*\)?$""", re.MULTILINE
)
_START: Final = "\nMADE_FROM: Final = "


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the line of a module says."""

    inputs: str
    """The checksum of everything that the module was made from."""
    untouched: bool
    """The text is, byte for byte, as it was written, line endings apart."""


def digest_of(parts: Mapping[str, object]) -> str:
    """The checksum of everything that a module is made from, given as JSON values by name."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


def folder_digest(folder: Path) -> str:
    """The checksum of all files in a folder, line endings apart. Raises OSError."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"\0{path.relative_to(folder).as_posix()}\0".encode("utf-8", "surrogateescape"))
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def unstamped(inputs: str) -> str:
    """The value of the constant before the text is known. An empty checksum means a module made through the API."""
    return f"{inputs or _NONE}-{_NONE}"


def stamped(text: str) -> str:
    """The text of a module with its own checksum filled in; a text without the line is left as it is."""
    found = _found(text)
    if found is None:
        return text
    line = found[0].replace(f"-{found[2]}", f"-{_checksum(text, found)}")
    return with_line(text, found[0], found.start(), line)


def read_stamp(text: str) -> Stamp | None:
    """What the line in a module says; None where there is none."""
    text = text.replace("\r\n", "\n")
    found = _found(text)
    return Stamp(found[1], found[2] == _checksum(text, found)) if found else None


def _found(text: str) -> re.Match[str] | None:
    """The last such line: a workflow's own words, which may look like it, can only stand before."""
    position = text.rfind(_START)
    return _LINE.match(text, position + 1) if position >= 0 else None


def _checksum(text: str, found: re.Match[str]) -> str:
    """The checksum of the text but for itself."""
    start, end = found.span(2)
    digest = sha256()
    update(digest, text, 0, start)
    digest.update(b"\0")
    update(digest, text, end)
    return digest.hexdigest()[:_DIGITS]
