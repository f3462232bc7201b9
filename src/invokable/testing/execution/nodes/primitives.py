"""Primitives, which return their value."""

from __future__ import annotations

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.execution.services import NodeError


@node(
    "boolean",
    "boolean_collection",
    "color",
    "conditioning",
    "conditioning_collection",
    "float",
    "float_collection",
    "integer",
    "integer_collection",
    "latents_collection",
    "scheduler",
    "string",
    "string_collection",
)
def passed_on(run: NodeRun) -> Fields:
    """Return each field under its own name."""
    return {name: run[name] for name in run.template.outputs}


@node("image")
def image(run: NodeRun) -> Fields:
    """Return an image and its size."""
    found = run.image("image")
    return {"image": run["image"], "width": found.width, "height": found.height}


@node("image_collection")
def image_collection(run: NodeRun) -> Fields:
    """Join the images from edges and those chosen on the node."""
    return {"collection": [*(run["collection"] or []), *(run.values.get("images") or [])]}


@node(
    "float_batch",
    "float_generator",
    "image_batch",
    "image_generator",
    "integer_batch",
    "integer_generator",
    "string_batch",
    "string_generator",
)
def not_executable(run: NodeRun) -> Fields:
    """Fail: clients expand batches and generators before enqueuing."""
    raise NodeError("NotExecutableNodeError", "This node cannot be executed directly.")
