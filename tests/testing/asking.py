"""Sends requests to a simulator, in process or on a port, and builds graphs for it."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from typing import Any

import httpx
from PIL import Image

from invokable.testing import Simulator

QUEUE = "/api/v1/queue/default"
ADD = {"c": {"id": "c", "type": "add", "a": 3}}
BLANK = {"a": {"id": "a", "type": "blank_image", "width": 8, "height": 8}}
BROKEN = {"b": {"id": "b", "type": "img_blur"}}


class Asking:
    """A client of a simulator that speaks plain HTTP."""

    def __init__(self, simulator: Simulator, *, port: bool = False, token: str | None = None) -> None:
        self.simulator = simulator
        simulator.start()
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if port:
            self.http = httpx.Client(base_url=simulator.serve(), headers=headers, timeout=5, verify=False)
        else:
            transport = simulator.transport()
            self.http = httpx.Client(
                base_url="http://simulator", headers=headers, transport=transport, timeout=5, verify=False
            )

    def get(self, path: str, **options: Any) -> Any:
        return self.http.get(path, **options).raise_for_status().json()

    def put(self, path: str, **options: Any) -> Any:
        return self.http.put(QUEUE + path, **options).raise_for_status().json()

    def post(self, nodes: Any = None, edges: Sequence[Any] = (), **batch: Any) -> httpx.Response:
        body = {"graph": {"id": "g", "nodes": ADD if nodes is None else nodes, "edges": list(edges)}, **batch}
        return self.http.post(f"{QUEUE}/enqueue_batch", json={"batch": body})

    def enqueue(self, nodes: Any = None, edges: Sequence[Any] = (), **batch: Any) -> Any:
        return self.post(nodes, edges, **batch).raise_for_status().json()

    def item(self, item_id: int) -> Any:
        return self.get(f"{QUEUE}/i/{item_id}")

    def wait(self, item_id: int, status: str = "completed") -> Any:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            item = self.item(item_id)
            if item["status"] == status:
                return item
            time.sleep(0.005)
        raise AssertionError(f"item {item_id} is {item['status']}, not {status}: {item.get('error_traceback')}")


def edge(source: str, field: str, destination: str, into: str) -> dict[str, Any]:
    return {
        "source": {"node_id": source, "field": field},
        "destination": {"node_id": destination, "field": into},
    }


def datum(items: list[Any], node: str = "c", field: str = "a") -> dict[str, Any]:
    return {"node_path": node, "field_name": field, "items": items}


def picture(size: tuple[int, int] = (8, 8), kind: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


def until(true: Any, seconds: float = 5) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.005)
