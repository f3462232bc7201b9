"""The node schemas that come with the package: facts of many InvokeAI versions in one small file.

`python -m invokable.schema.build` makes the file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pkgutil import get_data
from typing import Final

from invokable.schema._records import Decoder
from invokable.schema.model import Schema, SchemaError

FILE: Final = "catalogue.json.gz"
"""Name of the data file, beside this module."""


def versions() -> tuple[str, ...]:
    """Return the InvokeAI versions in the catalogue, ascending."""
    return tuple(_catalogue().versions)


@cache
def load(version: str) -> Schema:
    """Return the schema of an InvokeAI version.

    Raises SchemaError, which names the versions there are, if the version is not among them.
    """
    if version not in versions():
        known = ", ".join(versions())
        raise SchemaError(f"no bundled schema for InvokeAI {version!r}; bundled are {known}")
    return _catalogue().schema(version, origin="bundled")


def best_fit(nodes: Iterable[tuple[str, str]]) -> str:
    """Return the version that fits a workflow's nodes, given as (node type, node version), best.

    A node that would have to be refused, of an unknown type or a different major version,
    weighs most, then how many nodes are of exactly the same version. Ties go to the newest.
    """
    wanted = list(nodes)

    def fit(version: str) -> tuple[int, int]:
        known = _catalogue().node_versions(version)
        usable = sum(name in known and _major(known[name]) == _major(its) for name, its in wanted)
        equal = sum(known.get(name) == its for name, its in wanted)
        return usable, equal

    return max(reversed(versions()), key=fit)


def versions_with_node(node_type: str) -> tuple[str, ...]:
    """Return the versions that know a node type, ascending."""
    catalogue = _catalogue()
    return tuple(v for v in versions() if node_type in catalogue.node_versions(v))


def versions_with_field(node_type: str, field: str) -> tuple[str, ...]:
    """Return the versions in which a node type has an input of this name, ascending."""
    return tuple(version for version in versions_with_node(node_type) if field in load(version).nodes[node_type].inputs)


def _major(version: str) -> str:
    return version.partition(".")[0]


@cache
def _catalogue() -> Decoder:
    packed = get_data("invokable.schema", FILE)
    if packed is None:
        raise SchemaError(f"this installation lacks the bundled schemas ({FILE})")
    return Decoder(json.loads(gzip.decompress(packed)))
