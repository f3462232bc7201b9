"""Saving: a download onto the disk, whole or not at all."""

from __future__ import annotations

import io
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO


class Scrap:
    """A file on its way to where it is to be; `name` is the server's, for a `path` that is a folder.

    Raises OSError.
    """

    def __init__(self, name: str, path: str | os.PathLike[str]) -> None:
        target = Path(path)
        if target.is_dir() or os.fspath(path).endswith(("/", os.sep)) or not target.suffix:
            target = target / file_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.target = target
        self._path = target.parent / f".invokable.{secrets.token_hex(8)}"
        # With the rights that a new file gets: asking for the umask would change it for other threads.
        self.file: BinaryIO = self._path.open("x+b")

    def keep(self) -> Path:
        """Put the file where it is to be, and return its path. Raises OSError."""
        self.file.close()
        os.replace(self._path, self.target)
        return self.target

    def drop(self) -> None:
        """Leave nothing behind."""
        self.file.close()
        self._path.unlink(missing_ok=True)


def taken(file: BinaryIO, piece: bytes, answer: object) -> int:
    """How many bytes of a piece a file object took, of which its `write` gave that answer.

    A file without a buffer may take a part, or, if it must not wait, nothing: then raises BlockingIOError.
    """
    count = answer if isinstance(answer, int) else 0 if isinstance(file, io.RawIOBase) else len(piece)
    if not count:
        raise BlockingIOError("the file object takes nothing at the moment; give one that waits")
    return count


def file_name(name: str) -> str:
    """A server's name as the name of a file: no separators and no leading dots, whatever the server says."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return safe[-120:] or "download"
