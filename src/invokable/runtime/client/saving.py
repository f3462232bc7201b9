"""Saving: writing a download to disk, atomically."""

from __future__ import annotations

import io
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


class PendingFile:
    """A temporary file, to be moved to `path`; `name` is the name on the server, used if `path` is a folder.

    Raises OSError.
    """

    def __init__(self, name: str, path: str | os.PathLike[str]) -> None:
        target = Path(path)
        if target.is_dir() or os.fspath(path).endswith(("/", os.sep)) or not target.suffix:
            target = target / file_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.target = target
        self._path = target.parent / f".invokable.{secrets.token_hex(8)}"
        # Opened with the permissions of a new file: reading the umask would change it for other threads.
        self.file: BinaryIO = self._path.open("x+b")

    def commit(self) -> Path:
        """Move the file to its destination, and return its path. Raises OSError."""
        self.file.close()
        os.replace(self._path, self.target)
        return self.target

    def discard(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # closing writes the rest, for which a full disk has no room
            self.file.close()
        self._path.unlink(missing_ok=True)


def bytes_written(file: BinaryIO, piece: bytes, answer: object) -> int:
    """How many bytes of a piece were written, given what the file object's `write` returned.

    An unbuffered file may write only part of it. Raises BlockingIOError if a non-blocking file wrote nothing.
    """
    count = answer if isinstance(answer, int) else 0 if isinstance(file, io.RawIOBase) else len(piece)
    if not count:
        raise BlockingIOError("the file object cannot be written to at the moment; pass one in blocking mode")
    return count


def file_name(name: str) -> str:
    """A name on the server as a file name: without separators or leading dots, whatever the server sent."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return safe[-120:] or "download"
