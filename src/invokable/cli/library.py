"""Library: workflows from a server's library as files that change only when the workflows do.

A workflow's file is found by the id in it, so renaming the workflow on the server or the file in the project does not
create a second file. New files are named after their workflows. A file also contains the checksum of the pulled
workflow, so that edits of the file are not overwritten.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

from invokable import WorkflowRecord
from invokable.codegen import BuildError
from invokable.codegen.build.publish import Written, replace_file
from invokable.codegen.naming.names import module_name
from invokable.codegen.python.json_text import pieces
from invokable.contract.utf8 import Utf8
from invokable.workflow.document import MAX_BYTES
from invokable.workflow.errors import nearest

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=True)
_CHECKSUM: Final = "pulled_sha256"
"""The key of the checksum; InvokeAI ignores unknown keys."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that contains a workflow with an id."""

    path: Path
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the workflow in the file."""
        return str(self.document.get("name"))

    @property
    def was_pulled(self) -> bool:
        """Whether the file came from a library."""
        return _CHECKSUM in self.document

    @property
    def edited(self) -> bool:
        """Whether the file may differ from what was pulled into it."""
        return self.document.get(_CHECKSUM) != _checksum(self.document)


Files: TypeAlias = Mapping[str, Sequence[LocalFile]]
"""The files of a folder by the ids in them; copies share an id."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A workflow and its file."""

    path: Path
    document: Mapping[str, Any]
    """The new content of the file."""
    before: LocalFile | None
    """The existing file; None if there is none."""

    @property
    def outcome(self) -> Written:
        """What writing does to the file."""
        if self.before is None:
            return Written.NEW
        return Written.UNCHANGED if self.before.document == self.document else Written.CHANGED

    @property
    def stale(self) -> bool:
        """Whether the file differs from the library's workflow."""
        return self.before is None or _without_checksum(self.before.document) != _without_checksum(self.document)

    @property
    def edited(self) -> bool:
        """Whether writing would overwrite an edit of the file."""
        return self.before is not None and self.stale and self.before.edited

    @property
    def refusal(self) -> BuildError:
        """Why an edited file is not written."""
        name = self.document.get("name")
        if self.before is not None and self.before.was_pulled:
            message = f"was edited since {name!r} was pulled; save the edits in the library first"
        else:
            message = f"differs from {name!r} in the library, and may have been edited: it has no {_CHECKSUM!r}"
        return BuildError(str(self.path), message, suggestion="--force replaces the file", kind="refused")

    @property
    def renamed(self) -> str:
        """The message if the library has another name for it than the file; else empty."""
        name = str(self.document.get("name"))
        if self.before is None or self.before.name == name:
            return ""
        return f"was renamed in the library, from {self.before.name!r} to {name!r}; the file keeps its name"

    def write(self) -> None:
        """Write the file unless it is up to date. Raises BuildError."""
        if self.outcome is Written.UNCHANGED:
            return
        if self._has_changed():
            message = "changed while the library was read; run the command again"
            raise BuildError(str(self.path), message, kind="refused")
        replace_file(self.path, text_of(self.document))

    def _has_changed(self) -> bool:
        if self.before is None:
            return self.path.exists()
        return _workflow_in(self.path) != self.before.document


def read_files(folder: Path) -> Files:
    """The files of a folder that contain workflows with ids. Raises BuildError if it cannot be read."""
    found: dict[str, list[LocalFile]] = {}
    try:
        for path in sorted(folder.glob("*.json")):
            document = _workflow_in(path)
            if document is not None:
                found.setdefault(document["id"], []).append(LocalFile(path, document))
    except OSError as error:
        raise BuildError.of_system(str(error.filename or folder), error, "read") from None
    return found


def choose(
    library: Sequence[WorkflowRecord],
    files: Files,
    *,
    names: Iterable[str],
    tags: Iterable[str],
    everything: bool,
    defaults: bool,
) -> tuple[list[WorkflowRecord], list[BuildError]]:
    """The chosen workflows of a library, by name and id, and errors for those that are not found.

    Names and ids are searched in the whole library. Tags and `everything` skip the workflows that come with InvokeAI
    unless `defaults` is set.
    """
    chosen: list[WorkflowRecord] = []
    failures = []
    for name in names:
        try:
            chosen.append(_named(library, name, files))
        except BuildError as failure:
            failures.append(failure)
    own = [one for one in library if defaults or one.category != "default"]
    for tag in tags:
        found = [one for one in own if tag.casefold() in map(str.casefold, one.tags)]
        chosen += found
        if not found:
            known = sorted({tag for one in own for tag in one.tags})
            hint = nearest(tag, known) or f"it has {', '.join(known) or 'no tags'}"
            failures.append(BuildError(f"--tag {tag}", "no workflow in the library has this tag", suggestion=hint))
    chosen += own if everything else []
    return sorted({one.id: one for one in chosen}.values(), key=lambda one: (one.name, one.id)), failures


def place(folder: Path, files: Files, documents: Mapping[str, Mapping[str, Any]]) -> list[Pulled]:
    """The files for workflow documents, given by id.

    Raises BuildError if a file is in the way, or if two files contain the same workflow.
    """
    stems = {key: module_name(str(one.get("name"))) for key, one in documents.items() if key not in files}
    alike = Counter(stems.values())
    taken: set[Path] = set()
    pulled = []
    for key, document in documents.items():
        before = _only(files[key]) if key in files else None
        path = before.path if before else _free(folder, stems[key], key, taken, numbered=alike[stems[key]] > 1)
        taken.add(path)
        pulled.append(Pulled(path, signed(document, key), before))
    return pulled


def signed(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A workflow with its library id and its checksum, as in a file."""
    document = {**_without_checksum(document), "id": key}
    return {**document, _CHECKSUM: _checksum(document)}


def text_of(document: Mapping[str, Any]) -> Utf8:
    """A workflow as the text of a file in UTF-8, independent of the order of its keys."""
    try:
        return _encoded(document, ensure_ascii=False)
    except UnicodeEncodeError:  # a lone surrogate, which JSON may contain
        return _encoded(document, ensure_ascii=True)


def _encoded(document: Mapping[str, Any], *, ensure_ascii: bool) -> Utf8:
    text = bytearray()
    for piece in json.JSONEncoder(ensure_ascii=ensure_ascii, indent=2, sort_keys=True).iterencode(document):
        text += piece.encode()
    text += b"\n"
    return text


def left_over(files: Files, library: Iterable[WorkflowRecord]) -> Iterator[LocalFile]:
    """The files of workflows that are no longer in the library."""
    ids = {one.id for one in library}
    yield from (file for key, copies in files.items() if key not in ids for file in copies)


def _only(copies: Sequence[LocalFile]) -> LocalFile:
    if len(copies) > 1:
        others = ", ".join(str(one.path) for one in copies[1:])
        message = f"contains the same workflow as {others}: both have its id; remove the id from the copy"
        raise BuildError(str(copies[0].path), message, kind="refused")
    return copies[0]


def _free(folder: Path, stem: str, key: str, taken: set[Path], *, numbered: bool) -> Path:
    """A path for a new file: named after its workflow, with as much of the id as needed to make it unique."""
    letters = "".join(c for c in key if c.isascii() and c.isalnum())[:100]
    names = [f"{stem}_{letters[:8]}.json", f"{stem}_{letters}.json"]
    for name in names if numbered else (f"{stem}.json", *names):
        path = folder / name
        if path.is_file() and _json_in(path) is None:
            message = "is in the way of a workflow file, or is that file, but is not JSON; repair it or move it"
            raise BuildError(str(path), message, kind="refused")
        if path not in taken and not path.exists() and not path.is_symlink():
            return path
    raise BuildError(str(folder / names[0]), "is in the way of a workflow file; move it elsewhere", kind="refused")


def _checksum(document: Mapping[str, Any]) -> str:
    found = sha256()
    for piece in pieces(_without_checksum(document), _COMPACT):
        found.update(piece.encode("ascii"))
    return found.hexdigest()


def _without_checksum(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != _CHECKSUM}


def _named(library: Sequence[WorkflowRecord], name: str, files: Files) -> WorkflowRecord:
    found = (
        [one for one in library if one.id == name]
        or [one for one in library if one.name == name]
        or [one for one in library if one.name.casefold() == name.casefold()]
    )
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(one.id for one in found))
        raise BuildError(name, f"{len(found)} workflows have this name; use the id of one: {ids}")
    local = [file for key, copies in files.items() for file in copies if name in (key, file.name)]
    if local:
        message = f"is no longer in the library; {local[0].path} still contains it"
        raise BuildError(name, message)
    hint = nearest(name, [one.name for one in library]) or "--list shows what it has"
    raise BuildError(name, "no workflow in the library has this name or id", suggestion=hint)


def _workflow_in(path: Path) -> dict[str, Any] | None:
    """The workflow in a file; None if it has no id."""
    document = None if path.is_symlink() or not path.is_file() else _json_in(path)
    key = document.get("id") if isinstance(document, dict) and "nodes" in document else None
    return document if isinstance(key, str) and key else None


def _json_in(path: Path) -> Any:
    """The JSON in a file; None if it is not JSON, or too large. Raises OSError."""
    if path.stat().st_size > MAX_BYTES:
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
