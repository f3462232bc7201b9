"""Sources: from names of files, folders and globs to workflow documents."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from invokable.codegen.failures import BuildError
from invokable.workflow import WorkflowFileError, read_bytes, read_document
from invokable.workflow.document import PNG_KEYWORD, SUFFIXES, is_workflow

_NOT_SEARCHED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_A_MODULE: Final = (
    "is a Python module; expected a workflow, such as the one that a generated module names as its SOURCE"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow file to read."""

    path: Path | None
    """None means standard input."""
    folder: str = field(default="", compare=False)
    """The file's folder below the named folder, as a path with slashes; its module goes to the same place."""
    named: bool = field(default=True, compare=False)
    """Whether it was named itself, not found in a folder or by a glob."""

    @property
    def shown(self) -> str:
        """The name of the source in messages."""
        return "-" if self.path is None else os.fspath(self.path)

    @property
    def name(self) -> str:
        """The file name, without its folder."""
        return "stdin" if self.path is None else self.path.name

    @property
    def stem(self) -> str:
        """The file name without its suffix."""
        return "workflow" if self.path is None else self.path.stem

    def document(self, stdin: BinaryIO | None = None) -> object:
        """The workflow document in the file or on `stdin`. Raises BuildError."""
        return self.read(self.data(stdin))

    def data(self, stdin: BinaryIO | None = None) -> bytes:
        """The bytes of the file or of `stdin`. Raises BuildError."""
        try:
            if self.path is not None:
                with self.path.open("rb") as file:
                    return read_bytes(file)
            if stdin is None:
                raise ValueError("there is no standard input")
            return read_bytes(stdin)
        except (OSError, ValueError) as error:
            raise BuildError.of_system(self.shown, error, "read") from None

    def read(self, data: bytes) -> object:
        """The workflow document in the file's bytes. Raises BuildError."""
        try:
            return read_document(data)
        except WorkflowFileError as error:
            raise BuildError.of_file(self.shown, error) from None

    def why_skipped(self, data: bytes, document: Callable[[], object]) -> str:
        """Why a file that was found in a folder is skipped: it is JSON or an image, but contains no workflow.

        Empty if it is not skipped. Raises BuildError for a document that cannot be read.
        """
        if self.named:
            return ""
        if data.startswith(b"\x89PNG") and PNG_KEYWORD not in data:
            return "the image contains no workflow"
        return "" if is_workflow(document()) else "not a workflow"


def expand_sources(names: Iterable[str]) -> Iterator[Source]:
    """The workflow files that the names of files, folders and globs, and `-`, refer to.

    A folder means all files in and below it, except in hidden folders and environments. Raises BuildError for a name
    that matches nothing.
    """
    for name in names:
        try:
            yield from _expand(name)
        except (OSError, ValueError) as error:
            raise BuildError.of_system(name, error, "read") from None


def _expand(name: str) -> Iterator[Source]:
    path = Path(name)
    if not name:
        raise BuildError('""', "is not the path of a file or folder")
    if name == "-":
        yield Source(None)
    elif path.is_dir():
        found = list(files_below(path, ""))
        if not found:
            raise BuildError(name, "contains no .json or .png files")
        yield from found
    elif path.suffix == ".py" and path.is_file():
        raise BuildError(name, _A_MODULE)
    elif not glob.has_magic(name) or path.exists():
        yield Source(path)
    else:
        found = list(files_matching(name))
        if not found:
            raise BuildError(name, "matches no files")
        yield from found


def files_below(folder: Path, below: str) -> Iterator[Source]:
    """The files in and below a folder, by name. Raises OSError.

    Links to folders are not followed: they may be circular, or lead out of the project.
    """
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name.lower().endswith(SUFFIXES) and entry.is_file():
            yield Source(folder / entry.name, below, named=False)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False) and is_searched(entry.path):
            yield from files_below(folder / entry.name, f"{below}/{entry.name}" if below else entry.name)


def walked(folder: Path, *, tolerant: bool = False) -> Iterator[Path]:
    """All files in and below a folder, by name, without folders that are not searched; none if there is no folder.

    Raises BuildError for a folder that cannot be read, or leaves it out if `tolerant`.
    """
    for place, folders, names in os.walk(folder, onerror=None if tolerant else _refuse_unreadable):
        folders[:] = sorted(name for name in folders if is_searched(os.path.join(place, name)))
        yield from (Path(place, name) for name in sorted(names))


def _refuse_unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise BuildError.of_system(os.fsdecode(error.filename), error, "read") from None


def files_matching(pattern: str) -> Iterator[Source]:
    """The files that match a glob, by name, relative to the folder before its first wildcard."""
    start = Path(glob_root(pattern))
    for match in sorted(glob.glob(pattern, recursive=True)):
        path = Path(match)
        if path.is_file():
            folder = PurePosixPath(path.parent.relative_to(start).as_posix())
            yield Source(path, "" if str(folder) == "." else str(folder), named=False)


def glob_root(pattern: str) -> str:
    """The folder of a glob, up to the first part with a wildcard."""
    kept: list[str] = []
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        kept.append(part)
    return str(Path(*kept))


def is_searched(folder: str) -> bool:
    """Whether a folder is searched: not if it is hidden, an environment, or made by tools."""
    name = os.path.basename(folder)
    if name.startswith(".") or name in _NOT_SEARCHED:
        return False
    return not os.path.exists(os.path.join(folder, "pyvenv.cfg"))
