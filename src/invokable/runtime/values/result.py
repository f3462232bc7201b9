"""Result: the base of what a run gives, and how values are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from invokable.runtime.values.arrays import array_in_short, is_array

if TYPE_CHECKING:
    from invokable.runtime.values.media import Downloader, Image, Video

_SHOWN = 40  # characters of a value in a repr


@dataclass(frozen=True, slots=True)
class NodeOutput:
    """What a node gave, once: of a batch, and below an iterate node, it gives several times.

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
    """What kind of output it is, such as `image_output`."""
    values: Mapping[str, Any]
    """Its fields by name. Images, videos and colours are those that inputs take; all else is JSON."""
    value: Any = None
    """What the function for its kind in `Policy.outputs` made of it; None where there is none."""


OutputMaker: TypeAlias = Callable[[NodeOutput], Any]
"""Makes a value of a program's own out of what a node gave."""


class WorkflowResult:
    """What a run gives: an attribute for each output, declared by the generated subclass.

    Whatever the outputs are called, `images` and `videos` hold every one with the node that made it.

    Example:

        result = client.run(Portrait(prompt="a fox"))
        print(result.image.name, result.batch_id, len(result.images))
    """

    images: list[Image]
    videos: list[Video]
    item_ids: list[int]
    """The queue items that ran, in the order of their values."""
    batch_id: str
    _ran: Sequence[tuple[int, str, Mapping[str, Any]]] = ()
    _client: Downloader | None = None
    _makers: Mapping[str, OutputMaker] = MappingProxyType({})

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({shown(outputs_of(self))})"

    def _repr_html_(self) -> str:
        from invokable.runtime.values.notebook import html_of

        return html_of(self)

    def __getstate__(self) -> dict[str, Any]:
        # The connection stays behind, as it does with each image.
        return {name: value for name, value in self.__dict__.items() if name != "_client"}

    @property
    def by_node(self) -> dict[str, list[NodeOutput]]:
        """What every node gave that ran, whether or not an output is declared for it, by the node's id.

        In the order of the queue items, and of the iterations in each. Raises WorkflowError where a function of
        `Policy.outputs` does not take an output.
        """
        from invokable.runtime.values.given import node_output

        found: dict[str, list[NodeOutput]] = {}
        for item_id, node_id, result in self._ran:
            output = node_output(item_id, node_id, result, self._client, self._makers)
            found.setdefault(node_id, []).append(output)
        return found


def outputs_of(result: WorkflowResult) -> dict[str, Any]:
    """The outputs of a result by attribute, without what every result has."""
    return {name: value for name, value in result.__dict__.items() if name not in WorkflowResult.__annotations__}


def shown(values: Mapping[str, object]) -> str:
    """Values by name, in short, as arguments."""
    return ", ".join(f"{name}={short(value)}" for name, value in values.items())


def short(value: object) -> str:
    """A value in a few words."""
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if is_array(value):
        return array_in_short(value)
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


for _class in (NodeOutput, WorkflowResult):  # as users import them
    _class.__module__ = "invokable"
