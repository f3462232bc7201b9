"""Choice: the bundled version that a workflow is read with by default.

It is the newest one that takes every node, as a current editor would read the file. The editor updates a node to its
own version of the type within one major version, and runs an older one unchanged. It cannot use a node of a newer
major version, or of a type that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from invokable.schema.catalogue import node_versions, versions
from invokable.schema.model import Schema


@dataclass(frozen=True, slots=True)
class Gone:
    """A node type that versions newer than the chosen one cannot take."""

    node_type: str
    last: str
    """The newest bundled version that takes it."""
    since: str
    """The first bundled version after that."""


@dataclass(frozen=True, slots=True)
class SchemaChoice:
    """A bundled version, and what kept a newer one from being chosen."""

    version: str
    gone: tuple[Gone, ...] = ()
    """Nodes that the chosen version takes and newer ones do not."""
    lacking: tuple[str, ...] = ()
    """Node types that the chosen version cannot take, though another can."""
    unknown: tuple[str, ...] = ()
    """Node types that are in no bundled version: custom nodes, most likely."""
    kept: bool = False
    """The existing module was made with this version."""

    @property
    def explanation(self) -> str:
        """Why it is not the newest version, in one line; empty if there is nothing to explain."""
        parts = []
        if self.gone:
            nodes = ", ".join(f"{node.node_type} (gone in {node.since})" for node in self.gone)
            parts.append(f"newer versions lack {nodes}")
        if self.lacking:
            parts.append(f"it lacks {', '.join(self.lacking)}; no version has all nodes")
        if self.unknown:
            parts.append(f"no bundled version has {', '.join(self.unknown)}: read custom nodes with --server URL")
        return f"read with the node schemas of InvokeAI {self.version}: {'; '.join(parts)}" if parts else ""


def choose_schema(nodes: Iterable[tuple[str, str]], *, current: str | None = None) -> SchemaChoice:
    """Choose the bundled version for a workflow's nodes, given as (node type, node version).

    If no version takes every node, it is the newest of those that take the most. `current` is the version that the
    workflow's module was made with; it is kept if it is bundled and takes as many.
    """
    wanted = sorted(set(nodes))
    tables = {version: node_versions(version) for version in reversed(versions())}
    known = [(name, its) for name, its in wanted if any(name in table for table in tables.values())]
    unknown = tuple(dict.fromkeys(name for name, its in wanted if (name, its) not in known))
    taken = {version: sum(_takes(table, name, its) for name, its in known) for version, table in tables.items()}
    best = max(tables, key=lambda version: taken[version])
    if current in tables and taken[current] == taken[best]:
        return SchemaChoice(current, unknown=unknown, kept=True)
    newest = tables[versions()[-1]]
    gone, lacking = [], []
    for name, its in known:
        if not _takes(tables[best], name, its):
            lacking.append(name)
        elif not _takes(newest, name, its):
            last = next(version for version in tables if _takes(tables[version], name, its))
            gone.append(Gone(name, last, versions()[versions().index(last) + 1]))
    return SchemaChoice(best, tuple(dict.fromkeys(gone)), tuple(dict.fromkeys(lacking)), unknown)


def best_fit(nodes: Iterable[tuple[str, str]]) -> str:
    """Return the bundled version for a workflow's nodes, given as (node type, node version)."""
    return choose_schema(nodes).version


def recognised_version(schema: Schema) -> str | None:
    """Return the newest bundled version whose node types are all in a schema, at the same versions, or None.

    For a document that does not say which version it describes; its custom nodes do not matter.
    """
    for version in reversed(versions()):
        table = node_versions(version)
        if all(name in schema.nodes and schema.nodes[name].version == its for name, its in table.items()):
            return version
    return None


def _takes(table: Mapping[str, str], name: str, its: str) -> bool:
    return name in table and _major(its) <= _major(table[name])


def _major(version: str) -> int:
    """The major version; -1 for text that is not a version, which every version takes."""
    digits = version.partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1
