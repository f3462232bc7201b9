"""Locking: runs on the same project wait for each other, and recognize the temporary files of live runs.

The system releases a lock when its process ends, however it ends.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def exclusive(folders: Iterable[str | os.PathLike[str]]) -> Iterator[None]:
    """Wait until no other run works on any of the folders, then make others wait until the block ends.

    Folders that cannot be locked, as on some network drives, are not waited for; files are still written whole.
    """
    held: list[int] = []
    try:
        for folder in sorted({os.path.realpath(folder) for folder in folders}):
            with suppress(OSError):
                held.append(_opened(folder))
                _wait(held[-1])
        yield
    finally:
        for descriptor in reversed(held):
            os.close(descriptor)


def claim(descriptor: int) -> bool:
    """Mark an open file as belonging to a live run. Returns whether it still exists."""
    if fcntl is None:  # an open file cannot be removed
        return True
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return os.fstat(descriptor).st_nlink > 0


def remove_unclaimed(path: str | os.PathLike[str]) -> None:
    """Remove a file unless a live run has claimed it, which raises OSError."""
    if fcntl is None:
        os.unlink(path)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    finally:
        os.close(descriptor)


def _opened(folder: str) -> int:
    """A descriptor to lock for a folder: the folder itself, or an empty file on Windows, which cannot open folders."""
    if fcntl is not None:
        return os.open(folder, os.O_RDONLY)
    import tempfile

    digest = sha256(os.path.normcase(folder).encode("utf-8", "surrogatepass")).hexdigest()
    return os.open(os.path.join(tempfile.gettempdir(), f"invokable-{digest[:32]}.lock"), os.O_RDWR | os.O_CREAT)


def _wait(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    import msvcrt

    while True:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            if error.errno != errno.EDEADLK:  # it was retried for ten seconds
                raise
        else:
            return
