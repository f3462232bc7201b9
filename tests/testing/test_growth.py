"""Growth: an item of a large batch, or at the end of a long queue, takes no more work than any other."""

from __future__ import annotations

from typing import Any

from invokable.contract.server import NEWEST
from invokable.schema import load
from invokable.testing.graphs import Reader
from invokable.testing.graphs.batch_rules import reading_back
from invokable.testing.server.batches import Batch
from invokable.testing.server.events import Hub
from invokable.testing.server.queue import Queue
from invokable.testing.server.release import Release
from invokable.testing.server.rows import Person
from tests.codegen.test_growth import lines
from tests.testing.asking import ADD


class Counting(Reader):
    """Counts the nodes that it reads."""

    count = 0

    def node(self, value: Any) -> Any:
        self.count += 1
        return super().node(value)


def test_only_the_nodes_with_values_are_read_for_each_item() -> None:
    nodes = {str(number): {"id": str(number), "type": "integer_math", "operation": "ADD"} for number in range(20)}
    reader = Counting(load(NEWEST))
    read_back = reading_back({"id": "g", "nodes": nodes, "edges": []}, reader)

    for item in range(10):
        read_back([{"node_path": "3", "field_name": "a", "value": item}])

    assert reader.count == 20 + 10


def test_the_items_that_have_ended_are_not_searched_for_the_one_that_runs() -> None:
    assert lines(state_after(10)) == lines(state_after(20))


def state_after(number: int) -> Any:
    """Ask a queue with this many ended items for its state."""
    queue = Queue(Hub(), Release(NEWEST), max_size=100, fair=False)
    batch = Batch("b", {"id": "g", "nodes": ADD, "edges": []}, runs=number + 1)
    queue.enqueue("default", batch, prepend=False, read_back=lambda values: ({}, None))
    for _ in range(number):
        row = queue.take()
        assert row is not None
        queue.move(row, "completed")
    running = queue.take()
    assert queue.current() is running
    return lambda: queue.status("default", Person())
