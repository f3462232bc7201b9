"""Adoption: a workflow file that was moved or renamed takes the names along that were locked for it."""

from __future__ import annotations

import os

from invokable.codegen.naming.lock import Names
from invokable.codegen.project.lockfile import LockFile


def adopted(lock: LockFile, key: str, document: object) -> Names:
    """The names that are locked for the workflow at a path, or that were for the same workflow elsewhere.

    It is the same if the file it was in is gone, all nodes that have a name are in the document, and there is only one
    such workflow: a copy has the nodes of its original too.
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
