"""Tracker: what the server's events say about a run.

An event may arrive twice, late, or not at all. Each is true by itself, so events that arrive are used, and what is
missing is requested (see `wait`).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.contract.fields import CALL
from invokable.contract.server import ENDED
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.exchange.protocol import ServerEvent
from invokable.runtime.steps.exchange.server_events import (
    BATCH_ENQUEUED,
    CANCELED_HERE,
    INVOCATION_COMPLETE,
    INVOCATION_PROGRESS,
    INVOCATION_STARTED,
    ITEMS_CANCELED,
    ITEMS_RETRIED,
    QUEUE_CLEARED,
    QUEUE_WIDE,
    STATUS_CHANGED,
)
from invokable.runtime.values.events import JobEvent, NodeFinished, NodeStarted, Preview, Progress, Started
from invokable.runtime.values.media import Downloader, Image, Video, bound, size_in
from invokable.runtime.values.pins import Pins

_COMPLETED_ITEM: Final = RunItem(item_id=0, batch_id="", status="completed")
"""A completed item, to be filled in from events."""
_REPEATING_NODES: Final = frozenset({"iterate", CALL})
"""Nodes that may make others run several times, in an order that events do not show."""


@dataclass(slots=True)
class EventTracker:
    """What events have reported about a run's items."""

    pins: Pins
    client: Downloader | None
    watched: bool = True
    """Whether the events of the run are watched, not only its outcome."""
    item_ids: frozenset[int] = frozenset()
    retried_ids: frozenset[int] = frozenset()
    """The items that others of the run have replaced."""
    ended: dict[int, str] = field(default_factory=dict)
    """The final states of items that have ended, according to events."""
    removed: bool = False
    """Something was removed from the queue; the event does not say what."""
    needs_poll: bool = False
    """Something has happened that may cause no further events, so it is time to poll."""
    has_unknown_items: bool = False
    """The batch has items that are not the run's: of a second POST, retried ones, or children."""
    _posts: int = 0
    _retries: int = 0
    _seen: set[tuple[Any, ...]] = field(default_factory=set)
    _progress: dict[Any, Any] = field(default_factory=dict)
    _each_runs_once: bool = field(init=False)
    _results: dict[int, dict[str, tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    """By item and executed node: the node of the workflow, and its result."""

    def __post_init__(self) -> None:
        types = {node["type"] for node in self.pins.graph["nodes"].values()}
        self._each_runs_once = not types & _REPEATING_NODES

    def follow(self, item_ids: frozenset[int], retried_ids: frozenset[int]) -> None:
        """Follow these items from now on. All events so far have to be processed again."""
        self.item_ids, self.retried_ids, self._posts, self._retries = item_ids, retried_ids, 0, 0

    def process(self, events: Sequence[ServerEvent]) -> list[JobEvent]:
        """Process events of the server, and return the events for those who watch the run."""
        return [job_event for event in events for job_event in self._process(event)]

    def completed_item(self, item_id: int) -> RunItem | None:
        """A completed item, if events have reported all of its results."""
        if self.ended.get(item_id) != "completed" or not self._each_runs_once:
            return None
        results = self._results.get(item_id, {})
        mapping: dict[str, list[str]] = {}
        for executed, (node_id, _) in results.items():
            mapping.setdefault(node_id, []).append(executed)
        if mapping.keys() != self.pins.graph["nodes"].keys() or any(len(several) > 1 for several in mapping.values()):
            return None
        by_node = dict(results.values())
        if any(
            output.field not in by_node.get(output.node_id, ()) for output in self.pins.outputs if not output.is_open
        ):
            return None
        given = {executed: result for executed, (_, result) in results.items()}
        session = _COMPLETED_ITEM.session.model_copy(update={"results": given, "source_prepared_mapping": mapping})
        return _COMPLETED_ITEM.model_copy(update={"item_id": item_id, "session": session})

    def missed_events(self, item: RunItem) -> Iterator[JobEvent]:
        """The node events of an ended item that have not been reported yet, from the item as stored on the server."""
        session = item.session
        of_source = session.source_prepared_mapping.items()
        sources = {executed: source for source, several in of_source for executed in several}
        sources |= session.prepared_source_mapping
        for executed in (*session.results, *session.errors):
            source = sources.get(executed, "")
            node_type = self.pins.graph["nodes"].get(source, {}).get("type", "")
            yield from self._started(item.item_id, executed, source, node_type)
            if executed in session.results:
                yield from self._finished(item.item_id, executed, source, node_type, session.results[executed])

    def _process(self, event: ServerEvent) -> Iterator[JobEvent]:
        if event.name in QUEUE_WIDE:
            self._process_queue_wide(event)
        elif event.name == CANCELED_HERE:
            self.needs_poll = True
        elif event.name == BATCH_ENQUEUED:
            self._posts += 1
            self.has_unknown_items |= self._posts > 1
        elif event.item_id not in self.item_ids:
            self.has_unknown_items = True
        elif event.name == STATUS_CHANGED:
            yield from self._process_status(event)
        else:
            yield from self._process_node(event)

    def _process_queue_wide(self, event: ServerEvent) -> None:
        if event.name == ITEMS_CANCELED:
            ids = set(event.content.get("canceled_item_ids", ())) & self.item_ids
            self.ended |= {item_id: "canceled" for item_id in ids if item_id not in self.ended}
        elif event.name == QUEUE_CLEARED:
            self.removed = self.needs_poll = True
        elif event.name == ITEMS_RETRIED and not self.retried_ids.isdisjoint(event.content.get("retried_item_ids", ())):
            self._retries += 1
            self.has_unknown_items |= self._retries > 1

    def _process_status(self, event: ServerEvent) -> Iterator[JobEvent]:
        status = event.content.get("status")
        if status == "in_progress":
            yield from self.started(event.item_id)
        elif status in ENDED:
            self.ended.setdefault(event.item_id, str(status))

    def _process_node(self, event: ServerEvent) -> Iterator[JobEvent]:
        content = event.content
        executed = str(content.get("id"))
        node = (str(content.get("invocation_source_id", "")), str(content.get("type", "")))
        if event.name == INVOCATION_COMPLETE:
            result = _without_nulls(content.get("result"))
            self._results.setdefault(event.item_id, {}).setdefault(executed, (node[0], result))
        if not self.watched or self._has_finished(event.item_id, executed):
            return
        yield from self._started(event.item_id, executed, *node)
        if event.name == INVOCATION_PROGRESS:
            reported = (content.get("percentage"), content.get("message"))
            if self._progress.get((event.item_id, executed)) != reported:
                self._progress[event.item_id, executed] = reported
                picture = preview(content.get("image"))
                yield Progress(event.item_id, *node, _fraction(reported[0]), str(reported[1] or ""), picture)
        elif event.name == INVOCATION_COMPLETE:
            yield from self._finished(event.item_id, executed, *node, result)

    def started(self, item_id: int) -> Iterator[JobEvent]:
        """An item has started, if that has not been reported yet."""
        if not self._is_repeated(item_id, "in_progress"):
            yield Started(item_id)

    def _started(self, item_id: int, executed: str, *node: str) -> Iterator[JobEvent]:
        """A node has started, and so has its item; whichever of the two was reported before."""
        yield from self.started(item_id)
        if not self._is_repeated(item_id, INVOCATION_STARTED, executed):
            yield NodeStarted(item_id, *node)

    def _finished(
        self, item_id: int, executed: str, source: str, node_type: str, result: dict[str, Any]
    ) -> Iterator[JobEvent]:
        if not self._is_repeated(item_id, INVOCATION_COMPLETE, executed):
            yield NodeFinished(item_id, source, node_type, *_media(result, source, self.client))

    def _has_finished(self, item_id: int, executed: str) -> bool:
        """Whether a node is known to be done, so that a further event about it is late."""
        return (item_id, INVOCATION_COMPLETE, executed) in self._seen

    def _is_repeated(self, *key: Any) -> bool:
        """Whether an event is a repetition: some versions send each event twice."""
        if key in self._seen:
            return True
        self._seen.add(key)
        return False


def preview(image: Any) -> Preview | None:
    """The picture in a progress event, a data URL; None if it is not valid."""
    try:
        head, _, data = str(image["dataURL"]).partition(",")
        kind = head.removeprefix("data:").partition(";")[0]
        return Preview(int(image["width"]), int(image["height"]), kind, b64decode(data))
    except (KeyError, TypeError, ValueError, OverflowError):  # JSON of Python contains NaN and Infinity
        return None


def _fraction(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and value == value  # NaN is not
    return float(min(max(value, 0), 1)) if is_number else None


def _without_nulls(result: Any) -> dict[str, Any]:
    """A node's result as the server stores it."""
    return {key: value for key, value in result.items() if value is not None} if isinstance(result, dict) else {}


def _media(
    result: Mapping[str, Any], node_id: str, client: Downloader | None
) -> tuple[tuple[Image, ...], tuple[Video, ...]]:
    """The images and videos in a node's result."""
    values = [item for value in result.values() for item in (value if isinstance(value, list) else [value])]
    found = [value for value in values if isinstance(value, dict)]
    size = size_in(result)
    images = [name for value in found if isinstance(name := value.get("image_name"), str)]
    videos = [name for value in found if isinstance(name := value.get("video_name"), str)]
    return (
        tuple(bound(Image(name, *size, node_id), client) for name in images),
        tuple(bound(Video(name, *size, node_id), client) for name in videos),
    )
