"""Saving: a download onto the disk, whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def save(download: Callable[[BinaryIO], object], name: str, path: str | os.PathLike[str]) -> Path:
    """Have `download` write a file, and return its path; `name` is the server's, for a `path` that is a folder.

    Raises what `download` raises, and OSError.
    """
    target = Path(path)
    if target.is_dir() or os.fspath(path).endswith(("/", os.sep)) or not target.suffix:
        target = target / file_name(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, scrap = tempfile.mkstemp(prefix=".invokable.", dir=target.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            download(file)
        os.chmod(scrap, 0o666 & ~_umask())  # mkstemp gives 0600
        os.replace(scrap, target)
    except BaseException:
        Path(scrap).unlink(missing_ok=True)
        raise
    return target


def file_name(name: str) -> str:
    """A server's name as the name of a file: no separators and no leading dots, whatever the server says."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")
    return safe[-120:] or "download"


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
