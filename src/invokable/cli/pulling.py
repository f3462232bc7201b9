"""Pulling: workflows of a server's library as files that change only when the workflows do.

A workflow's file is found by the id inside of it: a workflow that is renamed on the server, or a file that is renamed
in the project, stays one file. New files are named after their workflows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from invokable.codegen import BuildError
from invokable.codegen.build.publish import Written, replace_file
from invokable.codegen.naming.names import module_name
from invokable.workflow.errors import nearest

_LARGEST: Final = 64 * 2**20  # bytes of a file that may be a workflow


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
class Pulled:
    """A workflow, and the file that it belongs into."""

    path: Path
    text: str
    before: str | None
    """What the file holds now; None where there is none."""
    name: str
    name_before: str | None

    @property
    def outcome(self) -> Written:
        """What writing it does."""
        if self.before is None:
            return Written.NEW
        return Written.UNCHANGED if self.before == self.text else Written.CHANGED

    @property
    def renamed(self) -> str:
        """What to say when the library has another name for it than the file; empty otherwise."""
        if self.name_before in (None, self.name):
            return ""
        return f"is called {self.name!r} in the library now, no longer {self.name_before!r}; the file keeps its name"

    def write(self) -> None:
        """Write the file unless it is as it should be. Raises BuildError."""
        if self.outcome is Written.UNCHANGED:
            return
        try:
            replace_file(self.path, self.text)
        except OSError as error:
            raise BuildError.of_system(str(self.path), error, "written") from None


def choose(
    library: Sequence[Listed], *, names: Iterable[str], tags: Iterable[str], everything: bool, defaults: bool
) -> tuple[list[Listed], list[BuildError]]:
    """The workflows of a library that are asked for, by name and id, and what was asked for in vain.

    Names and ids are looked for in the whole library. Tags, and `everything`, leave out the workflows that come with
    InvokeAI unless `defaults` is set.
    """
    chosen: list[Listed] = []
    failures = []
    for name in names:
        try:
            chosen.append(_named(library, name))
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


def place(folder: Path, documents: Mapping[str, Mapping[str, Any]]) -> list[Pulled]:
    """The files of workflow documents, which are given by their ids.

    Raises BuildError where the name of a file is taken by something else, and where the folder cannot be read.
    """
    known = _known(folder)
    new = {key: _file_name(document) for key, document in documents.items() if key not in known}
    taken = Counter(new.values())
    pulled = []
    for key, document in documents.items():
        path = known.get(key) or folder / new[key]
        if key in new and (taken[new[key]] > 1 or path.exists()):
            path = path.with_name(f"{path.stem}_{_short(key)}.json")
            if path.exists():
                raise BuildError(str(path), "is in the way of a workflow; move it elsewhere", kind="refused")
        before = path.read_text(encoding="utf-8") if key in known else None
        name_before = json.loads(before).get("name") if before else None
        pulled.append(Pulled(path, text_of(document, key), before, str(document.get("name")), name_before))
    return pulled


def text_of(document: Mapping[str, Any], key: str) -> str:
    """A workflow as the text of a file: the same whatever the order of its keys, with its id in the library."""
    text = json.dumps({**document, "id": key}, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which JSON may hold
        return json.dumps({**document, "id": key}, indent=2, sort_keys=True) + "\n"
    return text


def left_over(folder: Path, library: Iterable[Listed]) -> Iterator[Path]:
    """The files of workflows that the library no longer has."""
    ids = {one.id for one in library}
    yield from (path for key, path in _known(folder).items() if key not in ids)


def _named(library: Sequence[Listed], name: str) -> Listed:
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
    hint = nearest(name, [one.name for one in library]) or "--list shows what it has"
    raise BuildError(name, "the library has no workflow of this name or id", suggestion=hint)


def _known(folder: Path) -> dict[str, Path]:
    """The workflow files of a folder by the ids inside of them."""
    found: dict[str, Path] = {}
    try:
        for path in sorted(folder.glob("*.json")):
            key = _id_in(path)
            if key is not None:
                found.setdefault(key, path)
    except OSError as error:
        raise BuildError.of_system(str(error.filename or folder), error, "read") from None
    return found


def _id_in(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    key = document.get("id") if isinstance(document, dict) and "nodes" in document else None
    return key if isinstance(key, str) and key else None


def _file_name(document: Mapping[str, Any]) -> str:
    return f"{module_name(str(document.get('name')))}.json"


def _short(key: str) -> str:
    return "".join(c for c in key if c.isascii() and c.isalnum())[:8]
