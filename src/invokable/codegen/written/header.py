"""Header: the constants at the top of a module on disk, read without parsing it.

This is enough to know which workflow it belongs to and whether it is up to date. `existing` reads the names.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final

from invokable.codegen.written.existing import is_edited, is_generated
from invokable.codegen.written.made_from import Stamp, read_stamp
from invokable.contract.utf8 import Utf8, as_written

_TEXT: Final = re.compile(rb"""\(?\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*\)?$""", re.MULTILINE)
_CLASS: Final = re.compile(rb"^class ([\w\x80-\xff]+)\(Workflow\):$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """The constants of a module; empty if it is not generated."""

    schema: str | None = None
    """The InvokeAI version of the node schemas used."""
    source: str | None = None
    """The path of the workflow file."""
    class_name: str | None = None
    source_sha256: str | None = None
    """The checksum of the workflow."""
    stamp: Stamp | None = None
    """The checksums of its origins and its text."""


def read_header(text: Utf8) -> Header:
    """Read the header of a module. Lines that differ from the generator's format count as missing."""
    if not is_generated(text):
        return Header()
    text = as_written(text)
    found = _CLASS.search(text)
    schema, source, checksum = (_constant(text, name) for name in ("SCHEMA", "SOURCE", "SOURCE_SHA256"))
    return Header(schema, source, found and found[1].decode(), checksum, read_stamp(text))


def is_ours(text: Utf8, header: Header) -> bool:
    """Whether a text is an unedited generated module, checked as cheaply as possible."""
    return is_generated(text) and bool((header.stamp and header.stamp.untouched) or not is_edited(text))


def _constant(text: Utf8, name: str) -> str | None:
    """The value of a constant. The last such line counts: text of the workflow can only come before it."""
    start = f"\n{name}: Final = ".encode()
    position = text.rfind(start)
    found = _TEXT.match(text, position + len(start)) if position >= 0 else None
    return ast.literal_eval(found[1].decode()) if found else None
