"""Material: a workflow, generated module or map file; on disk, in git, or on stdin.

Its JSON takes several times the memory of its bytes, so it is read again whenever it is needed.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from invokable.codegen.drift.git import revision
from invokable.codegen.failures import BuildError
from invokable.codegen.project.sources import Source
from invokable.contract.interface import Interface, InterfaceError, carried_workflow, read_map, read_module
from invokable.contract.interface.mapfile import KEY
from invokable.contract.utf8 import is_utf8
from invokable.workflow import WorkflowFileError, read_bytes, read_document
from invokable.workflow.document import MAX_BYTES

Kind: TypeAlias = Literal["workflow", "module", "map"]


@dataclass(frozen=True, slots=True)
class Material:
    """A workflow, whose interface depends on a schema and names, or a module or map, which has its own."""

    shown: str
    """Its name in messages."""
    source: Source
    """The file; for a git revision, its path in the working tree."""
    kind: Kind
    data: bytes
    """The bytes of the file."""
    interface: Interface | None = None
    """The interface of a module or map."""

    def document(self) -> object:
        """The JSON of a workflow, or of the workflow in a module; None for a map. Raises BuildError."""
        if self.kind == "workflow":
            return _document(self.shown, self.data)
        try:
            return carried_workflow(self.data) if self.kind == "module" else None
        except InterfaceError as error:
            raise BuildError(self.shown, str(error)) from None


def read_material(name: str, stdin: BinaryIO | None = None) -> Material:
    """Read what `name` refers to: a path, `-`, or `git:REV:PATH` with a path relative to the current folder.

    Modules are read, not imported. Raises BuildError.
    """
    source, data = _data(name, stdin)
    return material_of(name, source, data)


def material_of(name: str, source: Source, data: bytes) -> Material:
    """The material in the bytes of a file. Raises BuildError."""
    if len(data) > MAX_BYTES:
        raise BuildError(name, f"is larger than {MAX_BYTES // 2**20} MiB")
    if source.name.endswith(".py") or data.lstrip()[:1] == b"#":
        return Material(name, source, "module", data, _interface(name, data, "module"))
    document = _document(name, data)
    if isinstance(document, dict) and KEY in document:
        return Material(name, source, "map", data, _interface(name, data, "map"))
    return Material(name, source, "workflow", data)


def _document(name: str, data: bytes) -> object:
    try:
        return read_document(data)
    except WorkflowFileError as error:
        raise BuildError.of_file(name, error) from None


def _interface(name: str, data: bytes, kind: Kind) -> Interface:
    data = data.removeprefix(codecs.BOM_UTF8)
    if not is_utf8(data):
        raise BuildError(name, "is not UTF-8 text")
    try:
        return read_module(data) if kind == "module" else read_map(data.decode())
    except InterfaceError as error:
        raise BuildError(name, str(error)) from None


def _data(name: str, stdin: BinaryIO | None) -> tuple[Source, bytes]:
    found = revision(name)
    if found is not None:
        return Source(Path(found.path)), found.content()
    if name == "-":
        if stdin is None:
            raise BuildError(name, "there is no standard input")
        return Source(None), read_bytes(stdin)
    source = Source(Path(name))
    try:
        with Path(name).open("rb") as file:
            return source, read_bytes(file)
    except (OSError, ValueError) as error:
        raise BuildError.of_system(name, error, "read") from None
