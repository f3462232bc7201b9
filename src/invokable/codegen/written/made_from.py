"""Made from: the line of a module that shows whether it has to be generated again.

    MADE_FROM: Final = "0f5d…-93c1…"
                        │     └─ the module's text, byte for byte, when it was written
                        └─ what else it was made from: schema, options, names, templates, invokable's version

SOURCE_SHA256 is the checksum of the workflow. If all three are unchanged, a module is not parsed, planned or formatted
again. If only the text differs, a formatter may have changed it; the checksum of the body decides. The text's checksum
ignores node positions, so that this line does not change when nodes are moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from invokable.codegen.templates import PACKAGE, templates_folder
from invokable.codegen.written.checksums import position_spans
from invokable.contract.utf8 import Utf8, as_written

_DIGITS: Final = 32
_NONE: Final = "0" * _DIGITS
_LINE: Final = re.compile(
    rb"""^MADE_FROM: Final = \(?\s*["']([0-9a-f]{%d})-([0-9a-f]{%d})["']\s*\)?$""" % (_DIGITS, _DIGITS), re.MULTILINE
)
_START: Final = b"\nMADE_FROM: Final = "


@dataclass(frozen=True, slots=True)
class Stamp:
    """The contents of the line."""

    inputs: str
    """The checksum of everything that the module was made from."""
    untouched: bool
    """Whether the text is byte for byte as written, apart from line endings and node positions."""


def digest_of(parts: Mapping[str, object]) -> str:
    """The checksum of everything that a module is made from, as JSON values by name."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


def folder_digest(folder: Path) -> str:
    """The checksum of all files in a folder, ignoring line endings. Raises OSError."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"\0{path.relative_to(folder).as_posix()}\0".encode("utf-8", "surrogateescape"))
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@cache
def last_change_of_ours() -> int:
    """When invokable's own source last changed, in nanoseconds; 0 if installed, as the version is enough then."""
    if not {"site-packages", "dist-packages"}.isdisjoint(PACKAGE.parts):
        return 0
    kinds = (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml"), *templates_folder().iterdir())
    return max(path.stat().st_mtime_ns for path in kinds)


def unstamped(inputs: str) -> str:
    """The value of the constant before the text is known. An empty checksum means that the API made the module."""
    return f"{inputs or _NONE}-{_NONE}"


def stamp(text: bytearray) -> None:
    """Fill in the checksum of a module's own text. A text without the line is left unchanged."""
    found = _found(text)
    if found is not None:
        text[slice(*found.span(2))] = _checksum(text, found).encode()


def read_stamp(text: Utf8) -> Stamp | None:
    """The stamp of a module; None if there is none."""
    text = as_written(text)
    found = _found(text)
    return Stamp(found[1].decode(), found[2].decode() == _checksum(text, found)) if found else None


def _found(text: Utf8) -> re.Match[bytes] | None:
    """The last such line: text of the workflow that looks like one can only come before it."""
    position = text.rfind(_START)
    return _LINE.match(text, position + 1) if position >= 0 else None


def _checksum(text: Utf8, found: re.Match[bytes]) -> str:
    """The checksum of the text without itself and without node positions."""
    digest, position = sha256(), 0
    with memoryview(text) as view:
        for start, end in sorted([*position_spans(text), found.span(2)]):
            digest.update(view[position:start])
            digest.update(b"\0")
            position = end
        digest.update(view[position:])
    return digest.hexdigest()[:_DIGITS]
