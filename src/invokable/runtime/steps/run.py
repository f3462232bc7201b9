"""Running: the whole way of a flow, from its values to its result.

check pins ── resolve ── substitute ── enqueue ── wait ── collect
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from invokable.runtime.errors import InvokableError
from invokable.runtime.steps.batches import batch_data, size_of
from invokable.runtime.steps.collect import collect
from invokable.runtime.steps.protocol import Flow
from invokable.runtime.steps.resources import Known, complete_models, resolve
from invokable.runtime.steps.submit import cancel, enqueue, new_batch_id
from invokable.runtime.steps.substitution import substitute, wire_values
from invokable.runtime.steps.wait import wait
from invokable.runtime.values.media import Download
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.validation import check
from invokable.runtime.values.workflow import Workflow


def run(
    flow: Workflow, *, timeout: float | None, known: Known, download: Download, clock: Callable[[], float]
) -> Flow[Any]:
    """Run a flow and return its result. On an interrupt, what is left of the batch is canceled."""
    pins = pins_of(type(flow))
    check(flow)
    resolved = yield from resolve(flow, pins, known)
    graph, workflow = substitute(flow, resolved)
    graph = yield from complete_models(graph, known)
    data = yield from batch_data(pins, wire_values(flow, resolved))
    batch_id = new_batch_id()
    batch = {
        "batch_id": batch_id,
        "origin": "workflows",
        "destination": f"invokable-{uuid4()}",
        "data": data,
        "graph": graph,
        "workflow": workflow,
        "runs": 1,
    }
    item_ids = yield from enqueue(batch, size_of(data))
    try:
        items = yield from wait(batch_id, item_ids, timeout, clock)
    except InvokableError:
        raise
    except BaseException:  # an interrupt: nobody will fetch the results
        yield from cancel(batch_id)
        raise
    return collect(type(flow).Result, pins, items, batch_id, download)
