"""Publish: a module's text goes to disk whole or not at all, and never over somebody's work."""

from __future__ import annotations

import os
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Final

from invokable import __version__
from invokable.codegen.existing import MARKER, is_edited, is_generated, newer_origin, says_the_same

_FOREIGN: Final = "is not a module that invokable wrote; use --force to replace it"
_NEWER: Final = "was written by {}; this is {}: upgrade invokable, or use --force to write the module with this version"


class RefusedError(Exception):
    """The file at the destination is not ours to replace. `path` is the file, the message says why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class Written(StrEnum):
    """What publishing did."""

    NEW = "written"
    CHANGED = "updated"
    UNCHANGED = "unchanged"


def read_module(path: Path, *, force: bool = False) -> str | None:
    """The text of a module on disk; None where there is none.

    Raises RefusedError for anything but a regular file, and, unless `force` is set, for a file that is not text.
    """
    if path.is_symlink():
        raise RefusedError(path, "is a symbolic link; a generated module replaces only a regular file")
    if path.is_dir():
        raise RefusedError(path, "is a folder")
    if path.exists() and not path.is_file():
        raise RefusedError(path, "is not a regular file")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            start = file.read(len(MARKER))
            return start + file.read() if is_generated(start) else start
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        if force:
            return ""
        raise RefusedError(path, _FOREIGN) from None


def check_replaceable(path: Path, current: str | None) -> None:
    """Raise RefusedError unless the file at `path`, whose text is `current`, is an unedited generated module.

    A module that a newer invokable wrote is refused before anything else is looked at.
    """
    if current is None:
        return
    if not is_generated(current):
        raise RefusedError(path, _FOREIGN)
    if newer := newer_origin(current, __version__):
        raise RefusedError(path, _NEWER.format(newer, __version__))
    if is_edited(current):
        raise RefusedError(path, "was edited by hand; move the edits elsewhere, or use --force to lose them")


def publish(path: Path, text: str, *, force: bool = False) -> Written:
    """Write a module. Raises RefusedError for a foreign or edited file (unless `force`), OSError from the disk."""
    current = read_module(path, force=force)
    if not force:
        check_replaceable(path, current)
    if current is not None and says_the_same(current, text):
        return Written.UNCHANGED
    replace_file(path, text)
    return Written.NEW if current is None else Written.CHANGED


def replace_file(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
