"""Pulling: workflows of a server's library as files that change only when the workflows do.

A workflow's file is found by the id inside of it: a workflow that is renamed on the server, or a file that is renamed
in the project, stays one file. New files are named after their workflows. A file also holds the checksum of the
workflow that was pulled into it, so that an edit of the file is not overwritten.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from invokable.codegen import BuildError
from invokable.codegen.build.publish import Written, replace_file
from invokable.codegen.naming.names import module_name
from invokable.workflow.errors import nearest

_LARGEST: Final = 64 * 2**20  # bytes of a file that may be a workflow
_CHECKSUM: Final = "pulled_sha256"
"""The key of the checksum; InvokeAI passes over keys that it does not know."""


class Listed(Protocol):
    """A workflow as the library lists it."""

    @property
    def id(self) -> str:
        """The library's id."""

    @property
    def name(self) -> str:
        """The name that its author gave it; two workflows may have the same."""

    @property
    def category(self) -> str:
        """`user`, or `default` for those that come with InvokeAI."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that its author gave it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A file that holds a workflow with an id."""

    path: Path
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the workflow, as the file has it."""
        return str(self.document.get("name"))

    @property
    def was_pulled(self) -> bool:
        """Whether the file came out of a library."""
        return _CHECKSUM in self.document

    @property
    def edited(self) -> bool:
        """Whether the file may hold something else than what was pulled into it."""
        return self.document.get(_CHECKSUM) != _checksum(self.document)


Files: TypeAlias = Mapping[str, Sequence[Held]]
"""The files of a folder by the ids inside of them; copies have the same one."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A workflow, and the file that it belongs into."""

    path: Path
    document: Mapping[str, Any]
    """What the file is to hold."""
    before: Held | None
    """What it holds now; None where there is none."""

    @property
    def outcome(self) -> Written:
        """What writing it does."""
        if self.before is None:
            return Written.NEW
        return Written.UNCHANGED if self.before.document == self.document else Written.CHANGED

    @property
    def stale(self) -> bool:
        """Whether the file holds another workflow than the library."""
        return self.before is None or _without_checksum(self.before.document) != _without_checksum(self.document)

    @property
    def edited(self) -> bool:
        """Whether writing it would undo an edit of the file."""
        return self.before is not None and self.stale and self.before.edited

    @property
    def refusal(self) -> BuildError:
        """Why a file that was edited is not written."""
        name = self.document.get("name")
        if self.before is not None and self.before.was_pulled:
            message = f"was edited since {name!r} was pulled; save the edits in the library first"
        else:
            message = f"differs from {name!r} in the library, and may have been edited: it has no {_CHECKSUM!r}"
        return BuildError(str(self.path), message, suggestion="--force replaces the file", kind="refused")

    @property
    def renamed(self) -> str:
        """What to say when the library has another name for it than the file; empty otherwise."""
        name = str(self.document.get("name"))
        if self.before is None or self.before.name == name:
            return ""
        return f"is called {name!r} in the library now, no longer {self.before.name!r}; the file keeps its name"

    def write(self) -> None:
        """Write the file unless it is as it should be. Raises BuildError."""
        if self.outcome is Written.UNCHANGED:
            return
        try:
            replace_file(self.path, text_of(self.document))
        except OSError as error:
            raise BuildError.of_system(str(self.path), error, "written") from None


def read_files(folder: Path) -> Files:
    """The files of a folder that hold workflows with ids. Raises BuildError where it cannot be read."""
    found: dict[str, list[Held]] = {}
    try:
        for path in sorted(folder.glob("*.json")):
            document = _workflow_in(path)
            if document is not None:
                found.setdefault(document["id"], []).append(Held(path, document))
    except OSError as error:
        raise BuildError.of_system(str(error.filename or folder), error, "read") from None
    return found


def choose(
    library: Sequence[Listed],
    files: Files,
    *,
    names: Iterable[str],
    tags: Iterable[str],
    everything: bool,
    defaults: bool,
) -> tuple[list[Listed], list[BuildError]]:
    """The workflows of a library that are asked for, by name and id, and what was asked for in vain.

    Names and ids are looked for in the whole library. Tags, and `everything`, leave out the workflows that come with
    InvokeAI unless `defaults` is set.
    """
    chosen: list[Listed] = []
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
            hint = nearest(tag, known) or f"there are {', '.join(known) or 'no tags'}"
            failures.append(BuildError(f"--tag {tag}", "no workflow of the library has this tag", suggestion=hint))
    chosen += own if everything else []
    return sorted({one.id: one for one in chosen}.values(), key=lambda one: (one.name, one.id)), failures


def place(folder: Path, files: Files, documents: Mapping[str, Mapping[str, Any]]) -> list[Pulled]:
    """The files of workflow documents, which are given by their ids.

    Raises BuildError where a file is in the way, and where two files hold the same workflow.
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
    """A workflow as a file holds it: with its id in the library, and with its checksum."""
    document = {**_without_checksum(document), "id": key}
    return {**document, _CHECKSUM: _checksum(document)}


def text_of(document: Mapping[str, Any]) -> str:
    """A workflow as the text of a file: the same whatever the order of its keys."""
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which JSON may hold
        return json.dumps(document, indent=2, sort_keys=True) + "\n"
    return text


def left_over(files: Files, library: Iterable[Listed]) -> Iterator[Held]:
    """The files of workflows that the library no longer has."""
    ids = {one.id for one in library}
    yield from (held for key, its in files.items() if key not in ids for held in its)


def _only(held: Sequence[Held]) -> Held:
    if len(held) > 1:
        others = ", ".join(str(one.path) for one in held[1:])
        message = f"holds the same workflow as {others}: both have its id; take the id out of the one that is a copy"
        raise BuildError(str(held[0].path), message, kind="refused")
    return held[0]


def _free(folder: Path, stem: str, key: str, taken: set[Path], *, numbered: bool) -> Path:
    """A path for a new file: named after its workflow, with as much of the id as it takes to be one of its own."""
    letters = "".join(c for c in key if c.isascii() and c.isalnum())[:100]
    names = [f"{stem}_{letters[:8]}.json", f"{stem}_{letters}.json"]
    for name in names if numbered else (f"{stem}.json", *names):
        path = folder / name
        if path not in taken and not path.exists() and not path.is_symlink():
            return path
    raise BuildError(str(folder / names[0]), "is in the way of a workflow; move it elsewhere", kind="refused")


def _checksum(document: Mapping[str, Any]) -> str:
    text = json.dumps(_without_checksum(document), separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def _without_checksum(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != _CHECKSUM}


def _named(library: Sequence[Listed], name: str, files: Files) -> Listed:
    found = (
        [one for one in library if one.id == name]
        or [one for one in library if one.name == name]
        or [one for one in library if one.name.casefold() == name.casefold()]
    )
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(one.id for one in found))
        raise BuildError(name, f"{len(found)} workflows have this name; give the id of one: {ids}")
    held = [one for key, its in files.items() for one in its if name in (key, one.name)]
    if held:
        message = f"is no longer in the library; {held[0].path} still holds it"
        raise BuildError(name, message)
    hint = nearest(name, [one.name for one in library]) or "--list shows what it has"
    raise BuildError(name, "the library has no workflow of this name or id", suggestion=hint)


def _workflow_in(path: Path) -> dict[str, Any] | None:
    """The workflow in a file, if it has an id."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    key = document.get("id") if isinstance(document, dict) and "nodes" in document else None
    return document if isinstance(key, str) and key else None
