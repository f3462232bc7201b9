"""Lock file: a project's lock on disk, and its names by workflow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from invokable.codegen.failures import BuildError
from invokable.codegen.naming.lock import LockError, Names, read_lock, write_lock
from invokable.contract.utf8 import as_written

FILE: Final = "invokable.lock"


@dataclass(frozen=True, slots=True)
class LockFile:
    """A project's lock file, which may not exist yet."""

    path: Path
    text: bytes | None = None
    """The content of the file; None if it does not exist."""
    names: Mapping[str, Names] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> LockFile:
        """Read a lock file. Raises BuildError if it is not valid."""
        try:
            text = path.read_bytes()
            return cls(path, text, read_lock(as_written(text).decode()))
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError) as error:
            raise BuildError.of_system(str(path), error, "read") from None
        except LockError as error:
            raise BuildError(str(path), str(error)) from None

    def names_of(self, key: str) -> Names:
        """The names locked for the workflow at a path."""
        return self.names.get(key, Names())

    def with_names(self, found: Mapping[str, Names], gone: Collection[str] = ()) -> str:
        """The text of the file with these names and without those of removed workflows; all others stay."""
        kept = {**self.names, **found}
        for key in gone:
            kept.pop(key, None)
        return write_lock(kept)
