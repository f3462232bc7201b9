"""Node output: the output of a node as values that inputs accept, and as values of a program's own classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from invokable.contract.colors import CHANNELS, is_channel
from invokable.runtime.errors import WorkflowError
from invokable.runtime.values.inputs import Color
from invokable.runtime.values.media import Downloader, Image, Video, bound, size_in
from invokable.runtime.values.public import public

_NOT_FIELDS: Final = ("type", "output_meta")


@dataclass(frozen=True, slots=True)
class NodeOutput:
    """One output of a node. In a batch, and below an iterate node, a node has several.

    Example:

        result = client.run(Portrait(prompt="a fox"))
        for node_id, outputs in result.by_node.items():
            for output in outputs:
                print(node_id, output.type, output.values)
    """

    node_id: str
    """The node of the workflow."""
    item_id: int
    """The queue item that ran it."""
    type: str
    """The output type, such as `image_output`."""
    values: Mapping[str, Any]
    """Its fields by name. Images, videos and colors are values that inputs accept; everything else is JSON. Fields that
    are null are missing."""
    value: Any = None
    """What the function for its type in `Policy.outputs` returned; None if there is none."""


OutputMaker: TypeAlias = Callable[[NodeOutput], Any]
"""Converts the output of a node into a value of a program's own class."""


def node_output(
    item_id: int,
    node_id: str,
    result: Mapping[str, Any],
    client: Downloader | None,
    makers: Mapping[str, OutputMaker],
) -> NodeOutput:
    """The output of a node. Raises WorkflowError if the class for its type fails."""
    values = {name: _given(value, result, node_id, client) for name, value in result.items() if name not in _NOT_FIELDS}
    output = NodeOutput(node_id, item_id, str(result.get("type", "")), values)
    maker = makers.get(output.type)
    if maker is None:
        return output
    try:
        return replace(output, value=maker(output))
    except Exception as error:
        name = getattr(maker, "__name__", repr(maker))
        message = f"item {item_id}, node {node_id}: {name} failed for its {output.type!r}: {error}"
        raise WorkflowError(message) from error


def _given(value: Any, result: Mapping[str, Any], node_id: str, client: Downloader | None) -> Any:
    """The value of a field of a node's output; the size of an image or a video is in `result`, beside the field."""
    if isinstance(value, list):
        return [_given(item, {}, node_id, client) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"image_name"} and isinstance(value["image_name"], str):
        return bound(Image(value["image_name"], *size_in(result), node_id), client)
    if value.keys() == {"video_name"} and isinstance(value["video_name"], str):
        return bound(Video(value["video_name"], *size_in(result), node_id), client)
    if value.keys() == {*CHANNELS} and all(map(is_channel, value.values())):
        return Color(**value)
    return value


public(NodeOutput)
