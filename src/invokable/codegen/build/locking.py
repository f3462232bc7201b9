"""Locking: runs on one project wait for each other, and know the files of those that are alive.

The system lets go of a lock when its process ends, however it ends.
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
    """Wait until no other run works on any of the folders, and keep others waiting meanwhile.

    In a folder that cannot be locked, as on some network drives, runs do not wait: each file is whole all the same.
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
    """Mark an open file as that of a run that is alive; whether it is still there, and nobody has removed it before."""
    if fcntl is None:  # a file that is open cannot be removed
        return True
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return os.fstat(descriptor).st_nlink > 0


def remove_unclaimed(path: str | os.PathLike[str]) -> None:
    """Remove a file unless a run that is alive has claimed it. Raises OSError where one has."""
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
    """What stands for a folder: itself, or on Windows, where no folder can be opened, an empty file."""
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
            if error.errno != errno.EDEADLK:  # it has tried for ten seconds
                raise
        else:
            return
