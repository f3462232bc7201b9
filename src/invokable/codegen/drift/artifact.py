"""Artifact: a workflow, generated module or map file; on disk, in git, or on stdin.

Its bytes and their JSON take much memory, so they are read again when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from invokable.codegen.drift.git import revision
from invokable.codegen.failures import BuildError
from invokable.codegen.project.sources import Source
from invokable.contract.interface import Interface, InterfaceError, carried_workflow, read_map, read_module
from invokable.contract.interface.mapfile import KEY
from invokable.contract.utf8 import as_written, is_utf8
from invokable.workflow import WorkflowFileError, read_document
from invokable.workflow.document import MAX_BYTES

Kind: TypeAlias = Literal["workflow", "module", "map"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A workflow, whose interface depends on a schema and names, or a module or map, which has its own."""

    shown: str
    """Its name in messages."""
    source: Source
    """The file; for a git revision, its path in the working tree."""
    kind: Kind
    read: Callable[[], bytes]
    """Returns the bytes of the file. Raises BuildError."""
    interface: Interface | None = None
    """The interface of a module or map."""

    def document(self) -> object:
        """The JSON of a workflow, or of the workflow in a module; None for a map. Raises BuildError."""
        if self.kind == "workflow":
            return _document(self.shown, self.read())
        try:
            return carried_workflow(as_written(self.read())) if self.kind == "module" else None
        except InterfaceError as error:
            raise BuildError(self.shown, str(error)) from None


def read_artifact(name: str, stdin: BinaryIO | None = None) -> Artifact:
    """Read what `name` refers to: a path, `-`, or `git:REV:PATH` with a path relative to the current folder.

    Modules are read, not imported. Raises BuildError.
    """
    return artifact_of(name, *_file(name, stdin))


def artifact_of(name: str, source: Source, read: Callable[[], bytes]) -> Artifact:
    """The artifact in a file. Raises BuildError."""
    data = read()
    if len(data) > MAX_BYTES:
        raise BuildError(name, f"is larger than {MAX_BYTES // 2**20} MiB")
    if source.name.endswith(".py") or data.lstrip()[:1] == b"#":
        return Artifact(name, source, "module", read, _interface(name, data, "module"))
    document = _document(name, data)
    if isinstance(document, dict) and KEY in document:
        return Artifact(name, source, "map", read, _interface(name, data, "map"))
    return Artifact(name, source, "workflow", read)


def _document(name: str, data: bytes) -> object:
    try:
        return read_document(data)
    except WorkflowFileError as error:
        raise BuildError.of_file(name, error) from None


def _interface(name: str, data: bytes, kind: Kind) -> Interface:
    text = as_written(data)
    if not is_utf8(text):
        raise BuildError(name, "is not UTF-8 text")
    try:
        return read_module(text) if kind == "module" else read_map(text.decode())
    except InterfaceError as error:
        raise BuildError(name, str(error)) from None


def _file(name: str, stdin: BinaryIO | None) -> tuple[Source, Callable[[], bytes]]:
    found = revision(name)
    if found is not None:
        return Source(Path(found.path)), found.content
    if name == "-":
        data = Source(None).data(stdin)  # can be read only once
        return Source(None), lambda: data
    source = Source(Path(name))
    return source, source.data
