"""Saving: a download onto the disk, whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
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
        handle, scrap = tempfile.mkstemp(prefix=".invokable.", dir=target.parent)
        self._path = Path(scrap)
        self.file: BinaryIO = os.fdopen(handle, "w+b")

    def keep(self) -> Path:
        """Put the file where it is to be, and return its path. Raises OSError."""
        self.file.close()
        os.chmod(self._path, 0o666 & ~_umask())  # mkstemp gives 0600
        os.replace(self._path, self.target)
        return self.target

    def drop(self) -> None:
        """Leave nothing behind."""
        self.file.close()
        self._path.unlink(missing_ok=True)


def file_name(name: str) -> str:
    """A server's name as the name of a file: no separators and no leading dots, whatever the server says."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return safe[-120:] or "download"


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
