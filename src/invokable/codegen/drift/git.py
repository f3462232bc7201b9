"""Git: files and folders in a revision, named `git:REV:PATH` with a path relative to the current folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from invokable.codegen.failures import BuildError

_PREFIX: Final = "git:"
_TIMEOUT: Final = 60.0  # seconds
_FILES: Final = ("100644", "100755")
"""The modes of regular files; links and submodules have others."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A file or folder in a revision."""

    shown: str
    """The full name."""
    path: str
    """Relative to the current folder; empty for that folder itself."""
    _object: str

    def is_folder(self) -> bool:
        """Whether it is a folder. Raises BuildError if git does not have it."""
        return self._git("cat-file", "-t", self._object).strip() == b"tree"

    def content(self) -> bytes:
        """The content of the file. Raises BuildError."""
        return self._git("cat-file", "blob", self._object)

    def files(self, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
        """The paths and contents of files in and below the folder, by suffix. Raises BuildError."""
        # Without --full-tree, git lists only entries below the current folder, whatever folder the object is.
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", self._object).split(b"\0")
        found = []
        for line in filter(None, listed):
            about, _, path = line.partition(b"\t")
            mode, _, key = about.decode().split(" ")
            if mode in _FILES and path.lower().endswith(tuple(map(str.encode, suffixes))):
                found.append((path.decode("utf-8", "surrogateescape"), key))
        contents = self._contents([key for _, key in found])
        yield from ((path, next(contents)) for path, _ in found)

    def _contents(self, keys: Sequence[str]) -> Iterator[bytes]:
        """The contents of objects, read by a single process."""
        answer = memoryview(self._git("cat-file", "--batch", given="".join(f"{key}\n" for key in keys).encode()))
        position = 0
        for key in keys:
            head = bytes(answer[position : position + 200]).partition(b"\n")[0]
            if head.endswith(b" missing"):
                raise BuildError(self.shown, f"the repository is damaged: it lacks object {key}; run: git fsck")
            start, size = position + len(head) + 1, int(head.rpartition(b" ")[2])
            yield bytes(answer[start : start + size])
            position = start + size + 1

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(["git", *arguments], capture_output=True, check=False, timeout=_TIMEOUT, input=given)
        except FileNotFoundError:
            raise BuildError(self.shown, "git is not installed") from None
        except (OSError, ValueError) as error:
            raise BuildError.of_system(self.shown, error, "read") from None
        except subprocess.TimeoutExpired:
            raise BuildError(self.shown, f"git took longer than {_TIMEOUT:g} s") from None
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"git failed ({done.returncode})"
            raise BuildError(self.shown, said.removeprefix("fatal: "))
        return done.stdout


def revision(name: str) -> Revision | None:
    """The revision for a name of the form `git:REV:PATH`; None for other names. Does not run git.

    Raises BuildError if the revision or path is missing.
    """
    if not name.startswith(_PREFIX):
        return None
    at, separator, path = name.removeprefix(_PREFIX).rpartition(":")
    if not (separator and at) or at.startswith("-"):
        raise BuildError(name, "expected git:REV:PATH, such as git:HEAD:workflows/portrait.json")
    place = path if path.startswith(("./", "../")) else f"./{path}"
    return Revision(name, path, f"{at}:{place}")
