"""Adoption: a moved or renamed workflow file keeps its locked names."""

from __future__ import annotations

import os

from invokable.codegen.naming.lock import Names
from invokable.codegen.project.lockfile import LockFile


def adopted(lock: LockFile, key: str, document: object) -> Names:
    """The names locked for the workflow at a path, or for the same workflow at its old path.

    It is the same if the old file is gone, all its named nodes are in the document, and there is only one such
    workflow: a copy has the nodes of its original too.
    """
    if key in lock.names:
        return lock.names_of(key)
    nodes = _node_ids(document)
    fitting = [
        names
        for other, names in lock.names.items()
        if _named_nodes(names) and _named_nodes(names) <= nodes and not os.path.exists(lock.path.parent / other)
    ]
    return fitting[0] if len(fitting) == 1 else Names()


def _named_nodes(names: Names) -> set[str]:
    return {node_id for node_id, _ in (*names.inputs, *names.outputs)}


def _node_ids(document: object) -> set[str]:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    found = (node.get("id") for node in (nodes if isinstance(nodes, list) else ()) if isinstance(node, dict))
    return {node_id for node_id in found if isinstance(node_id, str)}
