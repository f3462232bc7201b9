"""Said: what a module on disk says about itself in its lines, without reading it as Python.

Enough to know whose module it is and whether it is still what it has to be. `existing` reads the rest, where more is
to be known.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final

from invokable.codegen.written.existing import is_edited, is_generated
from invokable.codegen.written.made_from import Stamp, read_stamp

_TEXT: Final = re.compile(r"""\(?\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*\)?$""", re.MULTILINE)
_CLASS: Final = re.compile(r"^class (\w+)\(Workflow\):$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """What the lines of a module say; empty if it is not a generated one."""

    schema: str | None = None
    """The InvokeAI version whose node schemas it was made with."""
    source: str | None = None
    """The path of the workflow's file."""
    class_name: str | None = None
    source_sha256: str | None = None
    """The checksum of the workflow."""
    stamp: Stamp | None = None
    """What it was made from."""


def read_lines(text: str) -> Said:
    """Read the lines of a module. What is not as the generator writes it counts as missing."""
    if not is_generated(text):
        return Said()
    found = _CLASS.search(text)
    schema, source, checksum = (_constant(text, name) for name in ("SCHEMA", "SOURCE", "SOURCE_SHA256"))
    return Said(schema, source, found and found[1], checksum, read_stamp(text))


def is_ours(text: str, said: Said) -> bool:
    """Whether a text is a generated module that nobody has edited, as cheaply as that can be found out."""
    return is_generated(text) and bool((said.stamp and said.stamp.untouched) or not is_edited(text))


def _constant(text: str, name: str) -> str | None:
    """The value of a constant. The last such line counts: a workflow's own words can only stand before."""
    start = f"\n{name}: Final = "
    position = text.rfind(start)
    found = _TEXT.match(text, position + len(start)) if position >= 0 else None
    return ast.literal_eval(found[1]) if found else None
