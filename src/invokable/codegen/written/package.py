"""Package: the `__init__.py` of a folder of modules, which re-exports their classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from invokable.codegen.python.meaning import meaning_checksum
from invokable.codegen.written.existing import MARKER

PACKAGE: Final = "__init__.py"
_CHECKSUM: Final = re.compile(r"^# checksum: ([0-9a-f]{64})$", re.MULTILINE)


def package_text(classes: Mapping[str, str], *, width: int) -> str:
    """The text of an `__init__.py` for classes, given by module name."""
    ordered = sorted(classes.items())
    imports = [_bracketed(f"from .{module} import ", "(", [name], ")", width, bare=True) for module, name in ordered]
    exported = [f'"{name}"' for name in sorted(classes.values())]
    body = '"""Classes for InvokeAI workflows."""\n\n'
    body += "".join(f"{line}\n" for line in imports)
    body += ("\n" if imports else "") + _bracketed("__all__ = ", "[", exported, "]", width) + "\n"
    return f"{MARKER}\n# @generated\n# checksum: {_meaning(body)}\n{body}"


def is_our_package(text: str) -> bool:
    """Whether invokable wrote an `__init__.py` and it is unchanged apart from its layout."""
    text = text.replace("\r\n", "\n")
    found = _CHECKSUM.search(text)
    if found is None or not text.startswith(MARKER):
        return False
    return found[1] == _meaning(text[found.end() :])


def same_package(current: str, text: str) -> bool:
    """Whether an `__init__.py`, possibly reformatted, is the one with this text."""
    current = current.replace("\r\n", "\n")
    before, after = _CHECKSUM.search(current), _CHECKSUM.search(text)
    return current == text or bool(before and after and before[1] == after[1] and is_our_package(current))


def _meaning(body: str) -> str:
    return meaning_checksum(body.encode(), without=bytes, silent=_CHECKSUM) or sha256(body.encode()).hexdigest()


def _bracketed(start: str, opening: str, items: list[str], closing: str, width: int, *, bare: bool = False) -> str:
    """Items on one line if they fit, else one per line, as black formats them."""
    joined = ", ".join(items)
    line = f"{start}{joined}" if bare else f"{start}{opening}{joined}{closing}"
    if len(line) <= width:
        return line
    return f"{start}{opening}\n" + "".join(f"    {item},\n" for item in items) + closing
