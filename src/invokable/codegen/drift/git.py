"""Git: files and folders in a revision, named `git:REV:PATH` with a path relative to the current folder.

Links are followed as on disk, within the revision.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final, NamedTuple

from invokable.codegen.failures import BuildError

_PREFIX: Final = "git:"
_TIMEOUT: Final = 60.0  # seconds
_LINK: Final = "120000"
_FILES: Final = ("100644", "100755", _LINK)
"""The modes of files; submodules have others."""
_NAMELESS: Final = "has a line break in its name, so that git cannot look it up"
_BROKEN: Final[Mapping[bytes, str]] = {
    b"dangling": "is a link to a file that the revision does not have",
    b"loop": "is a link that leads back to itself",
    b"notdir": "is a link to a file that the revision does not have",
    b"symlink": "is a link to {}, which is not in the revision",
}
"""What git's words for a broken link mean."""


class _Object(NamedTuple):
    """What a path in a revision leads to."""

    key: str = ""
    type: str = ""
    broken: str = ""
    """Why a link leads nowhere."""


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
        return self._found().type == "tree"

    def content(self) -> bytes:
        """The content of the file. Raises BuildError."""
        return self._git("cat-file", "blob", self._found().key)

    def named(self, path: str) -> str:
        """The full name of a file in the folder."""
        return f"{self.shown}{path}" if self.shown.endswith(":") else f"{self.shown.rstrip('/')}/{path}"

    def files(self, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes | BuildError]]:
        """The paths and contents of files in and below the folder, by suffix; for a broken link, an error.

        Links to folders are left out. Raises BuildError.
        """
        found = dict(self._listed(suffixes))
        contents = self._contents([entry.key for entry in found.values() if entry.type == "blob"])
        for path, entry in found.items():
            if entry.broken:
                yield path, BuildError(self.named(path), entry.broken)
            elif entry.type == "blob":
                yield path, next(contents)

    def _listed(self, suffixes: tuple[str, ...]) -> Iterator[tuple[str, _Object]]:
        """The paths of files and links, by suffix, and what each leads to."""
        # Without --full-tree, git lists only entries below the current folder, whatever folder the object is.
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", self._found().key).split(b"\0")
        links = []
        for line in filter(None, listed):
            about, _, name = line.partition(b"\t")
            mode, kind, key = about.decode().split(" ")
            if mode in _FILES and name.lower().endswith(tuple(map(str.encode, suffixes))):
                path = name.decode("utf-8", "surrogateescape")
                if mode == _LINK:
                    links.append(path)
                else:
                    yield path, _Object(key, kind)
        yield from zip(links, self._followed([f"{self._object.rstrip('/')}/{path}" for path in links]), strict=True)

    def _found(self) -> _Object:
        """What the name of this revision leads to. Raises BuildError."""
        (found,) = self._followed([self._object])
        if found.broken:
            self._git("cat-file", "-t", self._object)  # says in git's words what is missing, unless it is a link
            raise BuildError(self.shown, found.broken)
        return found

    def _followed(self, objects: Sequence[str]) -> Iterator[_Object]:
        """What each object leads to if it is a link, or lies below one."""
        asked = [name.encode("utf-8", "surrogateescape") + b"\n" for name in objects if "\n" not in name]
        command = ("cat-file", "--batch-check", "--follow-symlinks")
        answer = BytesIO(self._git(*command, given=b"".join(asked)) if asked else b"")
        for name in objects:
            if "\n" in name:
                yield _Object(broken=_NAMELESS)
                continue
            line = answer.readline()
            if line.endswith(b" missing\n"):
                yield _Object(broken=_BROKEN[b"dangling"])
                continue
            first, *more = line.split()
            if first in _BROKEN:
                said = answer.read(int(more[0]) + 1).decode("utf-8", "replace").removesuffix("\n")
                yield _Object(broken=_BROKEN[first].format(said))
            else:
                yield _Object(first.decode(), more[0].decode())

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
