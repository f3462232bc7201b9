"""Ranges, and nodes that iterate, collect and choose."""

from __future__ import annotations

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.numpy_random import integers
from invokable.testing.execution.registry import node


@node("range")
def range_(run: NodeRun) -> Fields:
    """Count from start to stop."""
    return {"collection": list(range(run["start"], run["stop"], run["step"]))}


@node("range_of_size")
def range_of_size(run: NodeRun) -> Fields:
    """Count a number of steps from start."""
    start, step = run["start"], run["step"]
    return {"collection": list(range(start, start + step * run["size"], step))}


@node("random_range")
def random_range(run: NodeRun) -> Fields:
    """Draw integers from a seed: the same as the server."""
    if run["low"] >= run["high"]:
        raise ValueError("low >= high")
    if run["size"] < 0:
        raise ValueError("negative dimensions are not allowed")
    return {"collection": integers(run["seed"], run["low"], run["high"], run["size"])}


@node("float_range")
def float_range(run: NodeRun) -> Fields:
    """Go from start to stop, inclusive, in equal steps."""
    start, stop, steps = run["start"], run["stop"], run["steps"]
    if steps < 0:
        raise ValueError(f"Number of samples, {steps}, must be non-negative.")
    width = (stop - start) / (steps - 1) if steps > 1 else 0.0
    values = [start + width * index for index in range(steps)]
    return {"collection": [*values[:-1], stop] if steps > 1 else values}


@node("iterate")
def iterate(run: NodeRun) -> Fields:
    """Return the item of one iteration."""
    collection, index = run["collection"], run["index"]
    return {"item": collection[index], "index": index, "total": len(collection)}


@node("collect")
def collect(run: NodeRun) -> Fields:
    """Return the collected items."""
    return {"collection": list(run["collection"])}


@node("if")
def if_(run: NodeRun) -> Fields:
    """Return one of two inputs."""
    return {"value": run["true_input"] if run["condition"] else run["false_input"]}
