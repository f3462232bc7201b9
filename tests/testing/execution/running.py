"""A short notation for graphs, and in-memory services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image

from invokable.schema import load
from invokable.testing.execution import Completed, Event, Failed, InvocationCache, Session

SCHEMA = load("6.14.2")


class Memory:
    """Images and videos by name, and how each was saved; every model exists unless `models` is given."""

    def __init__(self, models: Iterable[str] | None = None) -> None:
        self.images: dict[str, Image.Image] = {}
        self.videos: dict[str, bytes] = {}
        self.saved: dict[str, dict[str, Any]] = {}
        self.models = None if models is None else set(models)

    def load_image(self, name: str) -> Image.Image:
        return self.images[name]

    def save_image(self, image: Image.Image, **owner: Any) -> str:
        name = f"image-{len(self.images)}.png"
        self.images[name] = image.copy()
        self.saved[name] = owner
        return name

    def load_video(self, name: str) -> bytes:
        return self.videos[name]

    def save_video(self, data: bytes, **owner: Any) -> str:
        name = f"video-{len(self.videos)}.mp4"
        self.videos[name] = data
        self.saved[name] = owner
        return name

    def model(self, key: str) -> dict[str, Any] | None:
        return {"key": key} if self.models is None or key in self.models else None

    def keep(self, image: Image.Image, name: str = "given.png") -> dict[str, str]:
        """Store an image and return its ImageField."""
        self.images[name] = image
        return {"image_name": name}


def graph(nodes: Mapping[str, Mapping[str, Any]], *edges: str) -> dict[str, Any]:
    """Build a graph; an edge is written `a.value -> b.a`."""
    return {
        "id": "graph",
        "nodes": {node_id: {"id": node_id, **node} for node_id, node in nodes.items()},
        "edges": [_edge(*edge.split(" -> ")) for edge in edges],
    }


def _edge(source: str, target: str) -> dict[str, Any]:
    def end(text: str) -> dict[str, str]:
        node_id, _, field = text.partition(".")
        return {"node_id": node_id, "field": field}

    return {"source": end(source), "destination": end(target)}


class Run:
    """A session that has run, and its events."""

    def __init__(
        self,
        document: dict[str, Any],
        services: Memory | None = None,
        *,
        cache: InvocationCache | None = None,
        session_id: str = "session",
    ) -> None:
        self.services = services or Memory()
        session = Session(document, services=self.services, schema=SCHEMA, cache=cache, session_id=session_id)
        self.events: list[Event] = list(session.run())
        self.document = session.to_json()

    @property
    def failed(self) -> Failed | None:
        """The failure, or None."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Failed) else None

    def results(self, source: str) -> list[dict[str, Any]]:
        """The results of a node, in order."""
        return [event.result for event in self.events if isinstance(event, Completed) and event.source_id == source]

    def result(self, source: str) -> dict[str, Any]:
        """The only result of a node."""
        (found,) = self.results(source)
        return found

    def image(self, source: str) -> Image.Image:
        """The image that a node returned."""
        assert self.failed is None, self.failed
        return self.services.images[self.result(source)["image"]["image_name"]]


def run_node(node_type: str, services: Memory | None = None, /, **values: Any) -> Run:
    """Run a graph of one node, named `node`."""
    return Run(graph({"node": {"type": node_type, **values}}), services)
