"""What runs each node type: those that compute, file by file by kind, and one rule for all others."""

from invokable.testing.execution.nodes import (
    boxes,
    channels,
    collections,
    colours,
    composing,
    controls,
    images,
    latents,
    masks,
    maths,
    metadata,
    primitives,
    prompts,
    references,
    sizes,
    strings,
    tiles,
    upscaling,
    videos,
    workflows,
)
from invokable.testing.execution.nodes.placeholders import placeholder
from invokable.testing.execution.registry import Implementation, registered

__all__ = ["Implementation", "implementation"]

KINDS = (
    boxes,
    channels,
    collections,
    colours,
    composing,
    controls,
    images,
    latents,
    masks,
    maths,
    metadata,
    primitives,
    prompts,
    references,
    sizes,
    strings,
    tiles,
    upscaling,
    videos,
    workflows,
)
"""The modules that register node types by being imported."""


def implementation(node_type: str) -> Implementation:
    """Return what runs a node type: its own function, or the one that makes placeholders."""
    return registered(node_type) or placeholder
