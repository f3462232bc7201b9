"""The registry of implementations by node type."""

from __future__ import annotations

from collections.abc import Callable, Generator

from invokable.testing.execution.node_run import Fields, NodeRun, Step

Implementation = Callable[[NodeRun], Fields | Generator[Step, None, Fields]]
"""Runs a node. Slow ones are generators of steps."""

_registered: dict[str, Implementation] = {}


def node(*types: str) -> Callable[[Implementation], Implementation]:
    """Register a function for these node types."""

    def register(function: Implementation) -> Implementation:
        for node_type in types:
            if node_type in _registered:
                raise ValueError(f"{node_type} is registered twice")
            _registered[node_type] = function
        return function

    return register


def registered(node_type: str) -> Implementation | None:
    """Return the function for a node type, or None."""
    return _registered.get(node_type)
