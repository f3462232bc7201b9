"""A stand-in for the engine, for as long as `invokable.testing.execution` is not there."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4


@dataclass(frozen=True)
class Started:
    exec_id: str
    source_id: str
    invocation: dict[str, Any]


@dataclass(frozen=True)
class Progress:
    exec_id: str
    source_id: str
    message: str
    percentage: float | None = None
    image: bytes | None = None


@dataclass(frozen=True)
class Completed:
    exec_id: str
    source_id: str
    result: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    exec_id: str
    source_id: str
    error_type: str
    error_message: str
    traceback: str


class Services(Protocol):
    def save_image(self, image: Any, **about: Any) -> str: ...


class InvocationCache:
    def __len__(self) -> int:
        return 0

    def forget(self, name: str) -> None:
        pass


class NodeError(Exception):
    pass


class Session:
    def __init__(
        self,
        graph: dict[str, Any],
        *,
        services: Any,
        schema: Any,
        cache: InvocationCache | None,
        session_id: str,
    ) -> None:
        self._graph, self._services, self._id = graph, services, session_id
        self._exec: dict[str, str] = {}
        self._results: dict[str, Any] = {}
        self._errors: dict[str, str] = {}
        self._nodes: dict[str, Any] = {}

    def run(self) -> Iterator[Any]:
        for source_id in self._order():
            exec_id = str(uuid4())
            node = {**self._graph["nodes"][source_id], "id": exec_id}
            for edge in self._graph["edges"]:
                if edge["destination"]["node_id"] == source_id:
                    given = self._results[self._exec[edge["source"]["node_id"]]]
                    node[edge["destination"]["field"]] = given[edge["source"]["field"]]
            self._exec[source_id], self._nodes[exec_id] = exec_id, node
            yield Started(exec_id, source_id, node)
            try:
                result = yield from self._invoke(node, exec_id, source_id)
            except NodeError as error:
                self._errors[exec_id] = f"MissingInputException: {error}"
                yield Failed(exec_id, source_id, "MissingInputException", str(error), f"Traceback\n{error}")
                return
            self._results[exec_id] = result
            yield Completed(exec_id, source_id, result)

    def _order(self) -> list[str]:
        left, order = dict(self._graph["nodes"]), []
        while left:
            for node_id in list(left):
                needs = {e["source"]["node_id"] for e in self._graph["edges"] if e["destination"]["node_id"] == node_id}
                if not needs & set(left):
                    order.append(node_id)
                    del left[node_id]
        return order

    def _invoke(self, node: Mapping[str, Any], exec_id: str, source_id: str) -> Generator[Any, None, dict[str, Any]]:
        from PIL import Image

        kind = node["type"]
        if kind == "add":
            return {"output_meta": None, "value": node["a"] + node["b"], "type": "integer_output"}
        if "value" in node:
            return {"output_meta": None, "value": node["value"], "type": f"{kind}_output"}
        if kind == "blank_image":
            color = node["color"]
            size = (node["width"], node["height"])
            image = Image.new(node["mode"], size, tuple(color[c] for c in "rgba")[: len(node["mode"])])
        elif node.get("image") is None:
            raise NodeError(f"Node {kind} missing value or connection for field image")
        else:
            image = self._services.load_image(node["image"]["image_name"])
        yield Progress(exec_id, source_id, "Saving image")
        board = node.get("board")
        name = self._services.save_image(
            image,
            node_id=exec_id,
            session_id=self._id,
            is_intermediate=node["is_intermediate"],
            board_id=board and board["board_id"],
            metadata=node.get("metadata"),
        )
        return {
            "output_meta": None,
            "image": {"image_name": name},
            "width": image.width,
            "height": image.height,
            "type": "image_output",
        }

    def _done(self) -> list[str]:
        return [source_id for source_id, exec_id in self._exec.items() if exec_id in self._results]

    def _edges(self) -> list[Any]:
        ends = ("source", "destination")
        prepared = [edge for edge in self._graph["edges"] if edge["destination"]["node_id"] in self._exec]
        return [{end: {**edge[end], "node_id": self._exec[edge[end]["node_id"]]} for end in ends} for edge in prepared]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "graph": self._graph,
            "execution_graph": {"id": str(uuid4()), "nodes": self._nodes, "edges": self._edges()},
            "executed": [*self._results, *self._done()],
            "executed_history": self._done(),
            "results": self._results,
            "errors": self._errors,
            "prepared_source_mapping": {e: s for s, e in self._exec.items()},
            "source_prepared_mapping": {s: [e] for s, e in self._exec.items()},
            "prepared_iteration_paths": {e: [] for e in self._exec.values()},
            "ready_order": [],
            "indegree": dict.fromkeys(self._exec.values(), 0),
        }
