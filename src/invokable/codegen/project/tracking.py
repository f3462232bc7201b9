"""Tracking: which files a git commit would not include.

Each repository is asked once for all its files; without a repository or git, nothing is asked.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from invokable.codegen.failures import BuildError
from invokable.codegen.project.project import shown_path

_LIST: Final = ("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--")
_UNTRACKED: Final = "?"
_ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE")
"""Variables that may lead git to another repository. A hook's GIT_INDEX_FILE is kept: it is what gets committed."""


@dataclass(frozen=True, slots=True)
class UntrackedFile:
    """Why a commit would not include a file: it was not added, or git ignores it."""

    root: str
    """The absolute path of the file's work tree."""
    name: str
    """The file's path in it."""
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Tracking:
    """What git says about files."""

    untracked: dict[Path, UntrackedFile] = field(default_factory=dict)
    """The files that a commit would not include."""
    failures: tuple[BuildError, ...] = ()
    """Repositories that could not be asked."""


def tracking(files: Iterable[Path], *, needed: Collection[Path] = ()) -> Tracking:
    """Ask git about existing files. An ignored file is fine unless it is in `needed`."""
    repositories: defaultdict[str, dict[str, Path]] = defaultdict(dict)
    for path in files:
        folder = os.path.realpath(path.parent)
        if (root := _root(folder)) is not None:
            repositories[root][_relative(os.path.join(folder, path.name), root)] = path
    git = shutil.which("git") if repositories else None
    if git is None:
        return Tracking()
    untracked: dict[Path, UntrackedFile] = {}
    failures = []
    for root, paths in repositories.items():
        try:
            tags = _tags(git, root, paths)
        except BuildError as failure:
            failures.append(failure)
            continue
        for name, path in paths.items():
            if tags.get(name) == _UNTRACKED:
                untracked[path] = UntrackedFile(root, name)
            elif name not in tags and path in needed:
                untracked[path] = UntrackedFile(root, name, ignored=True)
    return Tracking(untracked, tuple(failures))


def add_commands(untracked: Iterable[UntrackedFile]) -> Iterator[str]:
    """The shell commands that add files, run from the current folder."""
    groups: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for file in untracked:
        groups[file.root, file.ignored].append(file.name)
    here = os.path.realpath(os.curdir)
    around = _root(here)
    for (root, ignored), names in groups.items():
        shown = [_relative(os.path.join(root, name), here) for name in names] if around == root else names
        where = [] if around == root else ["-C", root]
        yield shlex.join(["git", *where, "add", *(["--force"] if ignored else []), *shown])


def _relative(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _root(folder: str) -> str | None:
    """The work tree of a folder."""
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return None
    return folder


def _tags(git: str, root: str, names: Iterable[str]) -> dict[str, str]:
    """The git status tag of each file that is not ignored, in the folders of the given files. Raises BuildError.

    Folders are passed to git, as the files may not fit on a command line.
    """
    import subprocess  # importing it takes as long as a small check

    folders = sorted({os.path.dirname(name) or "." for name in names})
    done = subprocess.run(
        [git, "--literal-pathspecs", "-C", root, *_LIST, *folders],
        env={name: value for name, value in os.environ.items() if name not in _ELSEWHERE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"status {done.returncode}"
        raise BuildError(shown_path(Path(root)), f"git cannot list the files it tracks: {words}")
    return {entry[2:]: entry[0] for entry in os.fsdecode(done.stdout).split("\0")[:-1]}
