"""Choice: the default bundled version for reading a workflow.

It is the newest version that accepts every node, as in a current editor. The editor updates a node to its own version
of the type within a major version, and runs an older one unchanged. It cannot use a node of a newer major version or
of an unknown type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from invokable.schema.catalogue import node_versions, versions
from invokable.schema.model import Schema


@dataclass(frozen=True, slots=True)
class Gone:
    """A node type that versions newer than the chosen one do not accept."""

    node_type: str
    since: str
    """The first bundled version that no longer accepts it."""


@dataclass(frozen=True, slots=True)
class SchemaChoice:
    """The chosen version, and why it is not a newer one."""

    version: str
    gone: tuple[Gone, ...] = ()
    """Node types that the chosen version accepts and newer ones do not."""
    lacking: tuple[str, ...] = ()
    """Node types that the chosen version does not accept, but another does."""
    unknown: tuple[str, ...] = ()
    """Node types that are in no bundled version, most likely custom nodes."""

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
            parts.append(f"no bundled version has {', '.join(self.unknown)}; read custom nodes with --server URL")
        return f"read with the node schemas of InvokeAI {self.version}: {'; '.join(parts)}" if parts else ""


def choose_schema(nodes: Iterable[tuple[str, str]], *, current: str | None = None) -> SchemaChoice:
    """Choose the bundled version for a workflow's nodes, given as (node type, node version).

    If no version accepts every node, it is the newest of those that accept the most. `current` is the version of the
    workflow's existing module; it is kept if it is bundled and accepts as many.
    """
    wanted = sorted(set(nodes))
    tables = {version: node_versions(version) for version in reversed(versions())}
    bundled = set().union(*tables.values())
    known = [(name, node_version) for name, node_version in wanted if name in bundled]
    unknown = tuple(dict.fromkeys(name for name, _ in wanted if name not in bundled))
    accepted = {
        version: sum(_accepts(table, name, node_version) for name, node_version in known)
        for version, table in tables.items()
    }
    best = max(tables, key=lambda version: accepted[version])
    if current in tables and accepted[current] == accepted[best]:
        return SchemaChoice(current, unknown=unknown)
    newest = tables[versions()[-1]]
    gone, lacking = [], []
    for name, node_version in known:
        if not _accepts(tables[best], name, node_version):
            lacking.append(name)
        elif not _accepts(newest, name, node_version):
            last = next(version for version in tables if _accepts(tables[version], name, node_version))
            gone.append(Gone(name, versions()[versions().index(last) + 1]))
    return SchemaChoice(best, tuple(dict.fromkeys(gone)), tuple(dict.fromkeys(lacking)), unknown)


def recognized_version(schema: Schema) -> str | None:
    """Return the newest bundled version whose node types are all in the schema with the same versions, or None.

    For documents without their version; custom nodes do not matter.
    """
    for version in reversed(versions()):
        table = node_versions(version)
        if all(
            name in schema.nodes and schema.nodes[name].version == node_version for name, node_version in table.items()
        ):
            return version
    return None


def _accepts(table: Mapping[str, str], name: str, node_version: str) -> bool:
    return name in table and _major(node_version) <= _major(table[name])


def _major(version: str) -> int:
    """The major version; -1 for text that is not a version, which every version accepts."""
    digits = version.partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else -1
