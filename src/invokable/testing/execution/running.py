"""Running: the output of one node, from the cache or its implementation, once its required fields are checked."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from invokable.testing.execution.cache import InvocationCache, Remembered
from invokable.testing.execution.kinds import NodeKind
from invokable.testing.execution.node_run import NodeRun, Step
from invokable.testing.execution.results import shaped
from invokable.testing.execution.services import NodeError


def run_node(kind: NodeKind, run: NodeRun, cache: InvocationCache | None) -> Generator[Step, None, dict[str, Any]]:
    """Run the node, or reuse the output of an identical one. Raises NodeError if it fails."""
    kind.check(run.values)
    if cache is None or not run.values.get("use_cache"):
        return (yield from _invoke(kind, run))
    key = cache.key(run.values)
    known = cache.get(key)
    if known is None:
        known = Remembered((yield from _invoke(kind, run)), run.made)
        cache.save(key, known)
    run.recall(known.recipes)
    return known.output


def _invoke(kind: NodeKind, run: NodeRun) -> Generator[Step, None, dict[str, Any]]:
    try:
        made = kind.implementation(run)
        if isinstance(made, Generator):
            made = yield from _through(made, run)
        result = shaped(kind.template, made)
    except NodeError:
        raise
    except Exception as error:  # whatever a node raises fails the node, as on the server
        raise NodeError(type(error).__name__, str(error)) from error
    yield from run.reported()
    return result


def _through(steps: Generator[Step, None, dict[str, Any]], run: NodeRun) -> Generator[Step, None, dict[str, Any]]:
    while True:
        try:
            step = next(steps)
        except StopIteration as done:
            return dict(done.value)
        yield from run.reported()
        yield step
