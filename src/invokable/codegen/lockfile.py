"""Lock file: where the lock of a project is, and what of it belongs to which workflow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unicodedata import normalize

from invokable.codegen.failures import BuildError
from invokable.codegen.lock import LockError, Names, read_lock, write_lock
from invokable.codegen.sources import Source

FILE: Final = "invokable.lock"


@dataclass(frozen=True, slots=True)
class LockFile:
    """A project's lock file, which may not exist yet."""

    path: Path
    text: str | None = None
    """What is in the file; None where there is none."""
    names: Mapping[str, Names] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> LockFile:
        """Read a lock file. Raises BuildError for what is not one, in one line."""
        try:
            with path.open(encoding="utf-8", newline="") as file:
                text = file.read()
            return cls(path, text, read_lock(text))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError) as error:
            raise BuildError.of_system(str(path), error, "read") from None
        except LockError as error:
            raise BuildError(str(path), str(error)) from None

    def names_of(self, source: Source) -> Names:
        """The names that are locked for a workflow."""
        key = self._key(source)
        return self.names.get(key, Names()) if key else Names()

    def with_names(self, found: Mapping[Source, Names]) -> str:
        """The text of the file with these names; what is locked for other workflows stays."""
        made = {key: names for source, names in found.items() if (key := self._key(source))}
        return write_lock({**self.names, **made})

    def _key(self, source: Source) -> str | None:
        """The path of the workflow's file from the lock file's folder; None for standard input."""
        if source.path is None:
            return None
        try:
            relative = os.path.relpath(source.path, self.path.parent)
        except ValueError:  # on another drive
            relative = source.name
        return normalize("NFC", relative.replace(os.sep, "/"))
