"""Material: a workflow, generated module or map file; on disk, in git, or on stdin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from invokable.codegen.drift.git import revision
from invokable.codegen.failures import BuildError
from invokable.codegen.project.sources import Source
from invokable.contract.interface import Interface, InterfaceError, carried_workflow, read_map, read_module
from invokable.contract.interface.mapfile import KEY
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
    document: object = None
    """The JSON of a workflow, or of the workflow in a module; None for a map."""
    interface: Interface | None = None
    """The interface of a module or map."""


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
        interface = _interface(name, data, "module")
        return Material(
            name, source, "module", document=carried_workflow(data.decode("utf-8-sig")), interface=interface
        )
    try:
        document = read_document(data)
    except WorkflowFileError as error:
        raise BuildError.of_file(name, error) from None
    if isinstance(document, dict) and KEY in document:
        return Material(name, source, "map", interface=_interface(name, data, "map"))
    return Material(name, source, "workflow", document=document)


def _interface(name: str, data: bytes, kind: Kind) -> Interface:
    try:
        text = data.decode("utf-8-sig")
        return read_module(text) if kind == "module" else read_map(text)
    except UnicodeDecodeError:
        raise BuildError(name, "is not UTF-8 text") from None
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
