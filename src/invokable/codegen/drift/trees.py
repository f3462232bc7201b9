"""Trees: all workflows or modules in and below two folders, on disk or in git revisions, and which of them match.

A folder means the generated modules in and below it, or the workflows if there are none. Files with the same path
match, and so do a module and the workflow with its name. A remaining file was renamed if its nodes are those of
another.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, TypeAlias

from invokable.codegen.build.options import BuildOptions
from invokable.codegen.drift.artifact import Artifact, Kind, artifact_of
from invokable.codegen.drift.git import Revision, revision
from invokable.codegen.drift.interfaces import Comparison, compare_artifacts
from invokable.codegen.failures import BuildError
from invokable.codegen.naming.names import module_name
from invokable.codegen.project.sources import Source, is_searched, walked
from invokable.codegen.written.existing import is_generated
from invokable.contract.interface.rules import BREAKS, Breaks
from invokable.workflow.document import SUFFIXES, is_workflow

Status: TypeAlias = Literal["same", "changed", "renamed", "added", "removed", "unreadable"]

_SUFFIXES: Final = (*SUFFIXES, ".py")
_SHARED_NODES: Final = 0.5
"""The minimum share of common nodes of a file and its renamed version."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file in a tree."""

    path: str
    """Relative to the folder, with slashes."""
    source: Source
    data: bytes
    artifact: Artifact | None = None
    error: BuildError | None = None
    """Why it cannot be read."""

    @property
    def kind(self) -> Kind | None:
        """What it is; None if it cannot be read."""
        if self.artifact is not None:
            return self.artifact.kind
        return "module" if is_generated(self.data) else None

    @property
    def stem(self) -> str:
        """The part of the path that a workflow and its module have in common."""
        path = PurePosixPath(self.path)
        return str(path.with_name(module_name(path.stem)))


@dataclass(frozen=True, slots=True)
class FileDrift:
    """The comparison of one file."""

    old: str | None
    """Its path in the old folder; None if it is new."""
    new: str | None
    """Its path in the new folder; None if it was removed."""
    comparison: Comparison | None = None
    """None if there is nothing to compare or the bytes are the same."""
    moved: bool = False
    """Whether the module was renamed."""
    error: BuildError | None = None
    """Why it cannot be compared."""

    @property
    def status(self) -> Status:
        """The change to the file."""
        if self.error is not None:
            return "unreadable"
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        if self.moved:
            return "renamed"
        return "changed" if self.comparison and self.comparison.drift.changes else "same"

    @property
    def breaks(self) -> Breaks:
        """Whom that breaks."""
        if self.status in ("removed", "renamed", "unreadable"):
            return "callers"
        return self.comparison.drift.breaks if self.comparison else "nobody"


@dataclass(frozen=True, slots=True)
class TreeComparison:
    """The comparison of two folders: their names, and each file."""

    old: str
    new: str
    files: tuple[FileDrift, ...]

    @property
    def breaks(self) -> Breaks:
        """Whom all the changes together break."""
        return min((file.breaks for file in self.files), key=BREAKS.index, default="nobody")

    @property
    def errors(self) -> tuple[BuildError, ...]:
        """Why files cannot be compared."""
        return tuple(file.error for file in self.files if file.error is not None)

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a workflow's name and what was left out of it."""
        return tuple(warning for file in self.files if file.comparison for warning in file.comparison.warnings)


def are_trees(old: str, new: str) -> bool:
    """Whether two names refer to folders. Raises BuildError if only one does, or if git does not have one."""
    is_old, is_new = _is_tree(old), _is_tree(new)
    if is_old != is_new:
        folder, file = (old, new) if is_old else (new, old)
        raise BuildError(folder, f"is a folder but {file} is not; name two folders or two files")
    return is_old


def compare_trees(old: str, new: str, options: BuildOptions) -> TreeComparison:
    """Compare all workflows or modules of two folders. Raises BuildError if a folder cannot be read."""
    before, after = _chosen(old), _chosen(new)
    if not before and not after:
        raise BuildError(new, "contains no workflows or generated modules, and neither does the other folder")
    files = [_compared(*pair, options) for pair in _pairs(before, after)]
    return TreeComparison(old, new, tuple(sorted(files, key=lambda file: file.new or file.old or "")))


def _is_tree(name: str) -> bool:
    found = revision(name)
    return found.is_folder() if found else os.path.isdir(name)


def _chosen(name: str) -> list[_File]:
    """The modules of a folder, or its workflows if it has none, and files that cannot be read and may be either."""
    found = list(_files(name))
    wanted = "module" if any(file.kind == "module" for file in found) else "workflow"
    return [file for file in found if file.kind in (wanted, None)]


def _files(name: str) -> Iterator[_File]:
    at = revision(name)
    for path, source, data in _of_revision(at) if at else _of_disk(Path(name)):
        if isinstance(data, BuildError):
            yield _File(path, source, b"", error=data)
            continue
        if path.endswith(".py") and not is_generated(data):
            continue
        shown = at.named(path) if at else f"{name.rstrip('/')}/{path}"
        try:
            artifact = artifact_of(shown, source, partial(bytes, data))
        except BuildError as error:
            yield _File(path, source, data, error=error)
            continue
        if artifact.kind == "module" or is_workflow(artifact.document()):
            yield _File(path, source, data, artifact)


def _of_disk(folder: Path) -> Iterator[tuple[str, Source, bytes]]:
    for file in walked(folder):
        if file.name.lower().endswith(_SUFFIXES) and file.is_file():
            source = Source(file)
            yield file.relative_to(folder).as_posix(), source, source.data()


def _of_revision(at: Revision) -> Iterator[tuple[str, Source, bytes | BuildError]]:
    for path, data in at.files(_SUFFIXES):
        if all(is_searched(part) for part in PurePosixPath(path).parent.parts):
            yield path, Source(Path(at.path, path)), data


def _pairs(before: Iterable[_File], after: Iterable[_File]) -> Iterator[tuple[_File | None, _File | None]]:
    """The matching pairs, then the removed files, then the new ones."""
    left, right = {file.path: file for file in before}, {file.path: file for file in after}
    for matching in (_of_one_path, _of_one_stem, _of_one_workflow, _of_one_graph):
        for old, new in list(matching(list(left.values()), list(right.values()))):
            del left[old.path], right[new.path]
            if old.kind or new.kind:
                yield old, new
    yield from ((file, None) for file in left.values() if file.kind)
    yield from ((None, file) for file in right.values() if file.kind)


def _of_one_path(old: list[_File], new: list[_File]) -> Iterator[tuple[_File, _File]]:
    by_path = {file.path: file for file in new}
    return ((file, by_path[file.path]) for file in old if file.path in by_path)


def _of_one_stem(old: list[_File], new: list[_File]) -> Iterator[tuple[_File, _File]]:
    return _sharing_a_key([(file.stem, file) for file in old], [(file.stem, file) for file in new])


def _of_one_workflow(old: list[_File], new: list[_File]) -> Iterator[tuple[_File, _File]]:
    """Modules and the workflows that they name as their source."""
    keyed = ([(_workflow_name(file), file) for file in side] for side in (old, new))
    return (pair for pair in _sharing_a_key(*keyed) if pair[0].kind != pair[1].kind)


def _sharing_a_key(old: list[tuple[str, _File]], new: list[tuple[str, _File]]) -> Iterator[tuple[_File, _File]]:
    """The pairs of files whose key no other file on their side has."""
    left, right = (_unique(side) for side in (old, new))
    return ((file, right[key]) for key, file in left.items() if key in right)


def _unique(side: list[tuple[str, _File]]) -> dict[str, _File]:
    counts = Counter(key for key, _ in side)
    return {key: file for key, file in side if counts[key] == 1}


def _workflow_name(file: _File) -> str:
    interface = file.artifact.interface if file.artifact else None
    return interface.source if interface else PurePosixPath(file.path).name


def _of_one_graph(old: list[_File], new: list[_File]) -> Iterator[tuple[_File, _File]]:
    """Files of one kind with mostly the same nodes, most similar first."""
    left, right = ([(file, _nodes(file)) for file in side] for side in (old, new))
    likely = [
        (len(nodes & others) / len(nodes | others), number, file, other)
        for number, (file, nodes) in enumerate(left)
        for other, others in right
        if nodes and file.kind == other.kind
    ]
    taken: set[str] = set()
    for share, _, file, other in sorted(likely, key=lambda pair: (-pair[0], pair[1], pair[3].path)):
        if share >= _SHARED_NODES and not {f"old {file.path}", f"new {other.path}"} & taken:
            taken |= {f"old {file.path}", f"new {other.path}"}
            yield file, other


def _nodes(file: _File) -> frozenset[tuple[str, str]]:
    """The ids and types of a workflow's nodes."""
    document: Any = file.artifact.document() if file.artifact else None
    data = [node.get("data") for node in (document or {}).get("nodes", ()) if isinstance(node, dict)]
    return frozenset((str(each.get("id")), str(each.get("type"))) for each in data if isinstance(each, dict))


def _compared(old: _File | None, new: _File | None, options: BuildOptions) -> FileDrift:
    result = FileDrift(old.path if old else None, new.path if new else None)
    if old is None or new is None:
        error = (old or new).error  # type: ignore[union-attr]  # one of them is there
        return replace(result, error=error)
    result = replace(result, moved=old.kind == new.kind and old.path != new.path)
    if old.data == new.data and (old.kind == "module" or old.source.path == new.source.path) and old.artifact:
        return result
    if old.artifact is None or new.artifact is None:
        return replace(result, error=new.error or old.error)
    try:
        return replace(result, comparison=compare_artifacts(old.artifact, new.artifact, options))
    except BuildError as error:
        return replace(result, error=error)
