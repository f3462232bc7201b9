"""The bundled node schemas: many InvokeAI versions in one small file.

`python -m invokable.schema.build` creates the file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pkgutil import get_data
from typing import Final

from invokable.schema.model import Schema, SchemaError
from invokable.schema.records import Decoder

FILE: Final = "catalogue.json.gz"
"""Name of the data file, next to this module."""


def versions() -> tuple[str, ...]:
    """Return the InvokeAI versions in the catalogue, ascending."""
    return tuple(_catalogue().versions)


@cache
def load(version: str) -> Schema:
    """Return the schema of an InvokeAI version.

    Raises SchemaError if the version is not bundled; the message lists those that are.
    """
    if version not in versions():
        known = ", ".join(versions())
        raise SchemaError(f"no bundled schema for InvokeAI {version!r}; the bundled versions are {known}")
    return _catalogue().schema(version, origin="bundled")


def node_versions(version: str) -> Mapping[str, str]:
    """Return the version of each node type in a bundled InvokeAI version."""
    return _catalogue().node_versions(version)


def versions_with_node(node_type: str) -> tuple[str, ...]:
    """Return the versions with a node type, ascending."""
    catalogue = _catalogue()
    return tuple(v for v in versions() if node_type in catalogue.node_versions(v))


def versions_with_field(node_type: str, field: str) -> tuple[str, ...]:
    """Return the versions in which a node type has an input with this name, ascending."""
    return tuple(version for version in versions_with_node(node_type) if field in load(version).nodes[node_type].inputs)


@cache
def _catalogue() -> Decoder:
    packed = get_data("invokable.schema", FILE)
    if packed is None:
        raise SchemaError(f"the bundled schemas ({FILE}) are missing from this installation")
    return Decoder(json.loads(gzip.decompress(packed)))
