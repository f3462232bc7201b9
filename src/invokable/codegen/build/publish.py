"""Publish: files are written whole or not at all, and never overwrite anyone's work.

    changes ─ stage: write each new text next to its file ─ commit: replace the files ─▶ files

A full disk or a read-only folder is noticed while files are staged, before any is replaced. Ctrl-C and SIGTERM take
effect afterwards. The staged files of a killed run are removed by the next one.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from invokable._version import VERSION
from invokable.codegen.build.locking import claim, remove_unclaimed
from invokable.codegen.failures import BuildError
from invokable.codegen.written.existing import is_edited, is_generated, newer_origin, says_the_same
from invokable.contract.utf8 import Utf8, is_utf8

EDITED: Final = "was edited by hand; move the edits elsewhere, or use --force to discard them"
_FOREIGN: Final = "is not a module that invokable wrote; use --force to replace it"
_NEWER: Final = "was written by {}; this is {}. Upgrade invokable, or use --force to write the module with this version"
_STAGED: Final = re.compile(r"\..{1,40}\.[0-9a-f]{8}\.invokable-tmp", re.DOTALL)


class RefusedError(Exception):
    """The existing file must not be replaced. `path` is the file, the message the reason."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class Written(StrEnum):
    """What publishing does to a file."""

    NEW = "written"
    CHANGED = "updated"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file and its new contents."""

    path: Path
    old: bytes | None
    """The current contents; None if there is no file."""
    new: Utf8 | None
    """The new contents; None for a file to remove."""

    @classmethod
    def of_text(cls, path: Path, before: str | None, after: str | None) -> FileChange:
        """The change of a text."""
        return cls(path, None if before is None else before.encode(), None if after is None else after.encode())

    @property
    def outcome(self) -> Written:
        """What the change does to the file."""
        if self.new is None:
            return Written.REMOVED
        if self.old is None:
            return Written.NEW
        return Written.UNCHANGED if self.old == self.new else Written.CHANGED


def read_text(path: Path) -> str | None:
    """The text of a file; None if it does not exist.

    Raises RefusedError unless it is a regular file, UnicodeDecodeError if it is not text, and OSError.
    """
    data = _read(path)
    return None if data is None else data.decode()


def read_module(path: Path, *, force: bool = False) -> bytes | None:
    """The text of a module on disk, in UTF-8; None if it does not exist.

    Raises RefusedError unless it is a regular file, and unless it is text or `force` is set.
    """
    data = _read(path)
    if data is not None and not force and not is_utf8(data):
        raise RefusedError(path, _FOREIGN)
    return data


def _read(path: Path) -> bytes | None:
    _check_regular(path)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _check_regular(path: Path) -> None:
    if path.is_symlink():
        raise RefusedError(path, "is a symbolic link; expected a regular file")
    if path.is_dir():
        raise RefusedError(path, "is a folder")
    if path.exists() and not path.is_file():
        raise RefusedError(path, "is not a regular file")


def check_folders(root: Path, path: Path) -> None:
    """Raise RefusedError if a folder between `root` and the file at `path` is a symbolic link."""
    for folder in path.parents:
        if folder == root:
            return
        if folder.is_symlink():
            raise RefusedError(
                folder, "is a symbolic link; modules are not written through links below the output folder"
            )


def check_ours(path: Path, current: bytes | None) -> None:
    """Raise RefusedError unless the file at `path`, whose text is `current`, is a generated module, edited or not.

    A module by a newer invokable is refused too.
    """
    if current is None:
        return
    if not is_generated(current):
        raise RefusedError(path, _FOREIGN)
    if newer := newer_origin(current, VERSION):
        raise RefusedError(path, _NEWER.format(newer, VERSION))


def publish(path: Path, text: str, *, force: bool = False) -> Written:
    """Write a module. Raises RefusedError for a foreign or edited file (unless `force`), and OSError."""
    current, data = read_module(path, force=force), text.encode()
    if not force:
        check_ours(path, current)
        if current is not None and is_edited(current):
            raise RefusedError(path, EDITED)
    if current is not None and says_the_same(current, data):
        return Written.UNCHANGED
    make_changes([FileChange(path, current, data)])
    return Written.NEW if current is None else Written.CHANGED


def make_changes(changes: Iterable[FileChange]) -> list[FileChange]:
    """Make changes to files, and return those that were needed.

    Files are removed last, so that nothing refers to a missing file. Raises RefusedError for a file that has changed
    since the change was planned, and OSError; while files are staged, nothing has been changed yet.
    """
    changes = list(changes)
    wanted = [change for change in changes if change.outcome is not Written.UNCHANGED]
    with _undisturbed():
        for folder in {change.path.parent for change in changes}:
            sweep(folder)
        _make(wanted)
    return wanted


def _make(wanted: list[FileChange]) -> None:
    staged: list[tuple[_Staged, FileChange]] = []
    try:
        for change in wanted:
            _check_unmoved(change)
            if change.new is not None:
                staged.append((_stage(change.path, change.new), change))
        for file, change in staged:
            _check_unmoved(change)
            file.commit(change.path)
    finally:
        for file, _ in staged:
            file.discard()
    for change in wanted:
        if change.new is None:
            _check_unmoved(change)
            change.path.unlink(missing_ok=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM until the block ends, except on Windows."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sweep(folder: Path) -> None:
    """Remove the staged files of killed runs from a folder; those of live runs are kept."""
    with suppress(OSError):
        for name in os.listdir(folder):
            if _STAGED.fullmatch(name):
                with suppress(OSError):
                    remove_unclaimed(folder / name)


def replace_file(path: Path, text: Utf8) -> None:
    """Write a file, whole or not at all. Raises BuildError, also for a link, a device and anything but a file."""
    try:
        _check_regular(path)
        with _undisturbed():
            staged = _stage(path, text)
            try:
                staged.commit(path)
            finally:
                staged.discard()
    except RefusedError as error:
        raise BuildError(str(path), str(error)) from None
    except OSError as error:
        raise BuildError.of_system(str(path), error, "written") from None


@dataclass(slots=True)
class _Staged:
    """A file that will replace another. While open it is locked, so that no other run removes it."""

    descriptor: int
    name: str

    def commit(self, path: Path) -> None:
        """Move the file to its destination. Raises OSError."""
        if os.name == "nt":  # where open files cannot be moved
            self._close()
        os.replace(self.name, path)
        self.name = ""

    def discard(self) -> None:
        """Remove the file if it still exists."""
        self._close()
        if self.name:
            with suppress(OSError):
                os.unlink(self.name)

    def _close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _stage(path: Path, data: Utf8) -> _Staged:
    """Write a file next to the one that it will replace. Raises OSError with the name of the latter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        staged = _opened(path)
        try:
            with os.fdopen(os.dup(staged.descriptor), "wb") as file:
                file.write(data)
            os.chmod(staged.name, mode)
        except BaseException:
            staged.discard()
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    return staged


def _opened(path: Path) -> _Staged:
    """A new locked file next to another."""
    while True:
        name = path.with_name(f".{path.name[:40]}.{os.urandom(4).hex()}.invokable-tmp")
        staged = _Staged(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), str(name))
        if claim(staged.descriptor):
            return staged
        staged.name = ""  # removed by another run before it was locked
        staged.discard()


def _check_unmoved(change: FileChange) -> None:
    if _read(change.path) != change.old:
        raise RefusedError(change.path, "changed while its new contents were prepared; run the command again")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
