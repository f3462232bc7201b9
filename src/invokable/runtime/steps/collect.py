"""Collecting: from finished queue items to the attributes of a result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from invokable.runtime.errors import WorkflowError
from invokable.runtime.values.inputs import Color
from invokable.runtime.values.media import Download, Image, Video
from invokable.runtime.values.pins import Pins
from invokable.runtime.values.workflow import WorkflowResult


def collect(
    result_class: type[WorkflowResult], pins: Pins, items: Sequence[Any], batch_id: str, download: Download
) -> WorkflowResult:
    """The result of a run. Raises WorkflowError when a node that should have given a value gave none."""
    values: dict[str, Any] = {}
    for output in pins.outputs:
        found = [
            _value(result[output.field], output.type, output.node_id, result, download)
            for item in items
            for result in _results_of(item, output.node_id)
            if output.field in result
        ]
        if not output.many and not found:
            raise WorkflowError(
                f"node {output.node_id!r} gave no {output.field!r}: it did not run, as behind an If node"
            )
        values[output.attribute] = found if output.many else found[-1]
    media = list(_media_in(list(values.values())))
    return result_class(
        **values,
        images=[medium for medium in media if isinstance(medium, Image)],
        videos=[medium for medium in media if isinstance(medium, Video)],
        item_ids=[item["item_id"] for item in items],
        batch_id=batch_id,
    )


def _results_of(item: Any, node_id: str) -> Iterator[Any]:
    """What a node gave, once for each time that it ran, in the order of its iterations."""
    session = item["session"]
    executed = session["source_prepared_mapping"].get(node_id, [])
    paths = session.get("prepared_iteration_paths") or {}
    ordered = sorted(executed, key=lambda name: paths.get(name) or []) if len(executed) > 1 else executed
    for name in ordered:
        if name in session["results"]:
            yield session["results"][name]


def _value(raw: Any, type_name: str, node_id: str, result: Any, download: Download) -> Any:
    if isinstance(raw, list):
        return [_value(item, type_name, node_id, {}, download) for item in raw]
    match type_name.removesuffix("|[]").removesuffix("[]"):
        case "ImageField":
            return Image(raw["image_name"], result.get("width"), result.get("height"), node_id, download)
        case "VideoField":
            return Video(raw["video_name"], result.get("width"), result.get("height"), node_id, download)
        case "ColorField":
            return Color(r=raw["r"], g=raw["g"], b=raw["b"], a=raw["a"])
    return raw


def _media_in(value: Any) -> Iterator[Image | Video]:
    if isinstance(value, list):
        for item in value:
            yield from _media_in(item)
    elif isinstance(value, Image | Video):
        yield value
