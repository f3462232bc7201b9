"""Implementations of node types: those that compute, one file per kind, and a general one for all others."""

import importlib
import pkgutil

from invokable.testing.execution.nodes.placeholders import placeholder
from invokable.testing.execution.registry import Implementation, registered

__all__ = ["Implementation", "implementation"]

# Modules of this folder register their node types on import.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def implementation(node_type: str) -> Implementation:
    """Return the function for a node type: its own, or the one that makes placeholders."""
    return registered(node_type) or placeholder
