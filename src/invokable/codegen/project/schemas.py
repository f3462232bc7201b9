"""Schemas: the node schemas for each workflow, each found once.

--schema 6.14.2        the bundled schemas of that version
--schema openapi.json  the schemas in a file
--server URL           the schemas of a running server, including custom nodes
neither                the newest bundled schemas that know every node; an existing module keeps its version
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from invokable.codegen.failures import BuildError
from invokable.codegen.typing.models import InstalledModel
from invokable.schema import Schema, SchemaError, choose_schema, load, parse_openapi, versions
from invokable.schema.records import encode
from invokable.workflow import node_versions

_OTHERS: Final = "others are read from a server with --server, or from a file saved by invokable schema fetch"

SchemaKind: TypeAlias = Literal["fitting", "version", "file", "server"]


@dataclass(frozen=True, slots=True)
class SchemaWanted:
    """The schema chosen by the configuration or the command line."""

    kind: SchemaKind = "fitting"
    value: str = ""
    """The version, file or URL."""
    where: str = field(default="", compare=False)
    """Where it was chosen, for messages: `--schema 6.14.2`, or the file of the configuration."""
    pointer: str | None = field(default=None, compare=False)
    """The dotted key in the configuration."""

    @classmethod
    def of(
        cls,
        schema: str | None,
        server: str | None,
        folder: Path | None = None,
        *,
        where: str | None = None,
        pointer: str | None = None,
    ) -> SchemaWanted:
        """From `schema`, a version or a file relative to `folder`, or from `server`, a URL.

        `where` and `pointer` are for messages; by default, the command line has chosen it.
        """
        if server is not None:
            return cls("server", server, where or f"--server {server}", pointer)
        if schema is None:
            return cls()
        path = Path(schema) if folder is None else folder / schema
        is_file = path.suffix in (".json", ".gz") or path.is_file()
        value = str(path) if is_file else schema
        return cls("file" if is_file else "version", value, where or f"--schema {schema}", pointer)


@dataclass(frozen=True, slots=True)
class SchemaUsed:
    """The schema that a workflow is read with."""

    schema: Schema
    note: str = ""
    """Why it is not a newer one, in one line; may be empty."""


class Server(Protocol):
    """Access to a running server during a build. Each method raises BuildError."""

    def schema(self, url: str) -> tuple[Mapping[str, object], str]:
        """The openapi document of a server, and its version."""

    def models(self, url: str) -> Iterable[Mapping[str, object]]:
        """The models in a server's list."""


@dataclass(slots=True)
class Schemas:
    """Finds schemas. Asks each server and reads each file once."""

    server: Server | None = None
    """Access to servers; without it, a build that needs one fails."""
    _found: dict[SchemaWanted, Schema] = field(default_factory=dict)
    _models: dict[str, tuple[InstalledModel, ...]] = field(default_factory=dict)

    def used(self, wanted: SchemaWanted, document: object, current: str | None) -> SchemaUsed:
        """The schema for a workflow document whose existing module was made with version `current`.

        Raises BuildError.
        """
        if wanted.kind != "fitting":
            return SchemaUsed(self._schema(wanted))
        choice = choose_schema(node_versions(document), current=current)
        return SchemaUsed(load(choice.version), choice.explanation)

    def models(self, url: str) -> tuple[InstalledModel, ...]:
        """The models on a server. Raises BuildError."""
        if url not in self._models:
            self._models[url] = tuple(map(InstalledModel.from_config, self._asked(url).models(url)))
        return self._models[url]

    def identity(self, wanted: SchemaWanted, document: object, version: str | None) -> str | None:
        """An identifier of the schema for a document; None if finding it requires reading the document.

        A bundled schema is identified by its version, and so is one from a file or server that equals the bundled one
        for every node of the document: then it makes no difference where it comes from.
        """
        if wanted.kind == "fitting":
            return version
        if wanted.kind == "version":
            return wanted.value
        return _identity(self._schema(wanted), document)

    def _schema(self, wanted: SchemaWanted) -> Schema:
        if wanted not in self._found:
            self._found[wanted] = self._read(wanted)
        return self._found[wanted]

    def _read(self, wanted: SchemaWanted) -> Schema:
        try:
            if wanted.kind == "version":
                return load(wanted.value)
            if wanted.kind == "file":
                from invokable.schema.build import read_openapi

                return read_openapi(wanted.value)
        except OSError as error:
            raise BuildError.of_system(wanted.value, error, "read") from None
        except SchemaError as error:
            hint = _OTHERS if wanted.kind == "version" else None
            raise BuildError(wanted.where, str(error), pointer=wanted.pointer, suggestion=hint) from None
        document, version = self._asked(wanted.value).schema(wanted.value)
        try:
            return parse_openapi(document, origin=wanted.value, version=version)
        except SchemaError as error:
            raise BuildError.of_server(wanted.value, error) from None

    def _asked(self, url: str) -> Server:
        if self.server is None:
            raise BuildError(url, "no server access; pass a server to Schemas, or name a version", kind="server")
        return self.server


def _identity(schema: Schema, document: object) -> str:
    used = sorted({name for name, _ in node_versions(document)})
    text = _facts(schema, used)
    if schema.version in versions() and text == _facts(load(schema.version), used):
        return schema.version
    return sha256(text.encode("ascii")).hexdigest()


def _facts(schema: Schema, types: Iterable[str]) -> str:
    nodes = {name: schema.nodes[name] for name in types if name in schema.nodes}
    return json.dumps(encode([replace(schema, nodes=nodes)]), separators=(",", ":"), sort_keys=True)
