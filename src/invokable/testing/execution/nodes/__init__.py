"""What runs each node type: those that compute, file by file by kind, and one rule for all others."""

import importlib
import pkgutil

from invokable.testing.execution.nodes.placeholders import placeholder
from invokable.testing.execution.registry import Implementation, registered

__all__ = ["Implementation", "implementation"]

# A module of this folder registers its node types by being imported.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")


def implementation(node_type: str) -> Implementation:
    """Return what runs a node type: its own function, or the one that makes placeholders."""
    return registered(node_type) or placeholder
