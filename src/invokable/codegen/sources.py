"""Sources: from names of files, folders and globs to workflow documents."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from invokable.codegen.failures import BuildError
from invokable.workflow import WorkflowFileError, read_bytes, read_document

_SUFFIXES: Final = frozenset({".json", ".png"})


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow file that was asked for."""

    path: Path | None
    """None stands for standard input."""

    @property
    def shown(self) -> str:
        """How messages name the source."""
        return "-" if self.path is None else os.fspath(self.path)

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return "stdin" if self.path is None else self.path.name

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return "workflow" if self.path is None else self.path.stem

    def document(self, stdin: BinaryIO | None = None) -> object:
        """The workflow document in the file, or on `stdin`. Raises BuildError."""
        try:
            return read_document(self._bytes(stdin), name=self.name)
        except (OSError, ValueError) as error:
            raise BuildError.of_system(self.shown, error, "read") from None
        except WorkflowFileError as error:
            raise BuildError.of_file(self.shown, error) from None

    def _bytes(self, stdin: BinaryIO | None) -> bytes:
        if self.path is not None:
            with self.path.open("rb") as file:
                return read_bytes(file)
        if stdin is None:
            raise ValueError("there is no standard input")
        return read_bytes(stdin)


def expand_sources(names: Iterable[str]) -> Iterator[Source]:
    """The workflow files that names of files, folders and globs, and `-`, stand for.

    Raises BuildError for a name that stands for nothing.
    """
    for name in names:
        try:
            yield from _expand(name)
        except OSError as error:
            raise BuildError.of_system(name, error, "read") from None


def _expand(name: str) -> Iterator[Source]:
    path = Path(name)
    if name == "-":
        yield Source(None)
    elif path.is_dir():
        found = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in _SUFFIXES and entry.is_file())
        if not found:
            raise BuildError(name, "contains no .json or .png files")
        yield from map(Source, found)
    elif not glob.has_magic(name) or path.exists():
        yield Source(path)
    else:
        matches = sorted(glob.glob(name, recursive=True))
        if not matches:
            raise BuildError(name, "matches no files")
        yield from (Source(Path(match)) for match in matches)
