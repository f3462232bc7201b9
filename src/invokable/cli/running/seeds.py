"""Seeds: the seed that a file was made with, as each item of a batch and each iteration may have its own.

A file's seed is that of the nodes before it: from the batch for its queue item, else from an edge, else from the form
or the graph.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from invokable import APIError, Workflow, WorkflowResult
from invokable.runtime.client.naming import Named
from invokable.runtime.values.pins import Pins, pins_of

if TYPE_CHECKING:
    from invokable import Client

NO_SEED: Final = "noseed"
_SEED: Final = "seed"


@dataclass(frozen=True, slots=True)
class _Made:
    """The execution of a node that made a file: the queue item, and the number of the execution in it."""

    item_id: int
    turn: int
    turns: int


def seeds_of(
    workflow: type[Workflow], flow: Workflow | None, result: WorkflowResult, files: Sequence[Named], client: Client
) -> list[object]:
    """The seed of each file of a result; `noseed` if it has none, several, or an unknown one.

    Without a `flow`, the form's values are unknown. Raises ConnectionError.
    """
    seeds = _Seeds(pins_of(workflow), flow, result, client)
    return [seeds.of(file) for file in files]


class _Seeds:
    def __init__(self, pins: Pins, flow: Workflow | None, result: WorkflowResult, client: Client) -> None:
        self._client = client
        self._nodes: Mapping[str, Mapping[str, Any]] = pins.graph["nodes"]
        self._batched = {target.node_id for group in pins.batch.groups for target in group if target.field == _SEED}
        self._given: dict[int, Mapping[tuple[str, str], Any]] = {}
        self._ran: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
        for item_id, node_id, output in result._ran:
            self._ran.setdefault((item_id, node_id), []).append(output)
        ends = [(edge["source"], edge["destination"]) for edge in pins.graph["edges"]]
        self._fed = {(end["node_id"], end["field"]): (start["node_id"], start["field"]) for start, end in ends}
        self._form = {
            pin.node_id: None if flow is None else getattr(flow, pin.attribute)
            for pin in pins.inputs
            if pin.field == _SEED and not pin.connected
        }
        self._unused = self._made()

    def _made(self) -> dict[tuple[str, str], deque[_Made]]:
        """The executions that made each file, by node and name: a cached node returns the same file several times."""
        found: dict[tuple[str, str], deque[_Made]] = {}
        for (item_id, node_id), results in self._ran.items():
            for turn, output in enumerate(results):
                for name in _names_in(output):
                    found.setdefault((node_id, name), deque()).append(_Made(item_id, turn, len(results)))
        return found

    def of(self, file: Named) -> object:
        """The seed of a file. Must be called in the order of the result."""
        node_id = file.medium.node_id or ""
        unused = self._unused.get((node_id, file.medium.name))
        if not unused:
            return NO_SEED
        made = unused.popleft() if len(unused) > 1 else unused[0]
        before = self._before(node_id)
        for nodes in ([one for one in before if one in self._form][:1], before):
            seeds = {self._seed(one, made) for one in nodes if _SEED in self._nodes[one] or (one, _SEED) in self._fed}
            if len(seeds) == 1:
                seed = seeds.pop()
                return NO_SEED if seed is None else seed
        return NO_SEED

    def _before(self, node_id: str) -> list[str]:
        """A node and all nodes that lead to it."""
        found = {node_id: None} if node_id in self._nodes else {}
        for one in (waiting := list(found)):
            for (end, _), (start, _) in self._fed.items():
                if end == one and start in self._nodes and start not in found:
                    found[start] = None
                    waiting.append(start)
        return list(found)

    def _seed(self, node_id: str, made: _Made) -> int | None:
        place = (node_id, _SEED)
        if node_id in self._batched:
            seed = self._values(made.item_id).get(place)
        elif place in self._fed:
            start, field = self._fed[place]
            results = self._ran.get((made.item_id, start), [])
            output = results[0] if len(results) == 1 else results[made.turn] if len(results) == made.turns else {}
            seed = output.get(field)
        else:
            seed = self._form[node_id] if node_id in self._form else self._nodes[node_id].get(_SEED)
        return seed if type(seed) is int else None

    def _values(self, item_id: int) -> Mapping[tuple[str, str], Any]:
        """The batch values of a queue item; empty if the server no longer has it."""
        if item_id not in self._given:
            try:
                self._given[item_id] = self._client.queue.get(item_id).values
            except APIError:
                self._given[item_id] = {}
        return self._given[item_id]


def _names_in(value: Any) -> list[str]:
    """The names of the images and videos in a node's result."""
    if isinstance(value, Mapping):
        own = [value[key] for key in ("image_name", "video_name") if isinstance(value.get(key), str)]
        return own + [name for inner in value.values() for name in _names_in(inner)]
    return [name for inner in value for name in _names_in(inner)] if isinstance(value, list) else []
