"""Material: what a name refers to: a workflow, a generated module or a map file; on disk, in git, or on stdin."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal, TypeAlias

from invokable.codegen.failures import BuildError
from invokable.codegen.project.sources import Source
from invokable.contract.interface import Interface, InterfaceError, carried_workflow, read_map, read_module
from invokable.contract.interface.mapfile import KEY
from invokable.workflow import WorkflowFileError, read_bytes, read_document
from invokable.workflow.document import MAX_BYTES

Kind: TypeAlias = Literal["workflow", "module", "map"]

_GIT: Final = "git:"
_TIMEOUT: Final = 60.0  # seconds that git may take


@dataclass(frozen=True, slots=True)
class Material:
    """A workflow, whose interface depends on a schema and on names, or what has an interface of its own."""

    shown: str
    """How messages name it."""
    source: Source
    """The file; of a git revision, the file's place in the working tree."""
    kind: Kind
    document: object = None
    """The JSON of a workflow; of a module the workflow that it carries. None of a map."""
    interface: Interface | None = None
    """Of a module or a map."""


def read_material(name: str, stdin: BinaryIO | None = None) -> Material:
    """Read what `name` refers to: a path, `-`, or `git:REV:PATH` with a path from the current folder.

    A module is read, not imported. Raises BuildError.
    """
    source, data = _data(name, stdin)
    if len(data) > MAX_BYTES:
        raise BuildError(name, f"is larger than {MAX_BYTES // 2**20} MiB")
    if source.name.endswith(".py") or data.lstrip()[:1] == b"#":
        interface = _interface(name, data, "module")
        return Material(
            name, source, "module", document=carried_workflow(data.decode("utf-8-sig")), interface=interface
        )
    try:
        document = read_document(data, name=source.name)
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
    if name.startswith(_GIT):
        revision, separator, path = name.removeprefix(_GIT).rpartition(":")
        if not (separator and revision and path) or revision.startswith("-"):
            raise BuildError(name, "expected git:REV:PATH, such as git:HEAD:workflows/portrait.json")
        return Source(Path(path)), _from_git(name, revision, path)
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


def _from_git(name: str, revision: str, path: str) -> bytes:
    """The content of a file in a revision. The path is one from the current folder, as all other paths are."""
    place = path if path.startswith(("./", "../")) else f"./{path}"
    try:
        done = subprocess.run(
            ["git", "cat-file", "blob", f"{revision}:{place}"],
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise BuildError(name, "git is not installed") from None
    except (OSError, ValueError) as error:
        raise BuildError.of_system(name, error, "read") from None
    except subprocess.TimeoutExpired:
        raise BuildError(name, f"git took longer than {_TIMEOUT:g} s") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"git failed ({done.returncode})"]
        raise BuildError(name, said[-1].removeprefix("fatal: "))
    return done.stdout
