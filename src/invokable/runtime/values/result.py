"""Result: the base class of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from invokable.runtime.values.media import Downloader, Image, Video
from invokable.runtime.values.public import public
from invokable.runtime.values.reprs import shown

if TYPE_CHECKING:
    from invokable.runtime.values.node_output import NodeOutput


class WorkflowResult:
    """The result of a run: an attribute for each output, declared by the generated subclass.

    Whatever the outputs are called, `images` and `videos` have all of them, each with the node that made it.

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
    _makers: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({shown(outputs_of(self))})"

    def _repr_html_(self) -> str:
        from invokable.runtime.values.notebook import outputs_table

        return outputs_table(type(self).__qualname__, outputs_of(self))

    def __copy__(self) -> Self:
        return type(self)(**self.__dict__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(**{**deepcopy(self.__getstate__(), memo), "_client": self._client})

    def __getstate__(self) -> dict[str, Any]:
        # Leave out the client, as images do.
        return {name: value for name, value in self.__dict__.items() if name != "_client"}

    @property
    def by_node(self) -> dict[str, list[NodeOutput]]:
        """The outputs of every node that ran, declared or not, by node id.

        In the order of the queue items, and of the iterations in each. Raises WorkflowError if a function of
        `Policy.outputs` fails.
        """
        from invokable.runtime.values.node_output import node_output

        found: dict[str, list[NodeOutput]] = {}
        for item_id, node_id, result in self._ran:
            output = node_output(item_id, node_id, result, self._client, self._makers)
            found.setdefault(node_id, []).append(output)
        return found


def outputs_of(result: WorkflowResult) -> dict[str, Any]:
    """The outputs of a result by attribute, without the attributes that every result has."""
    return {name: value for name, value in result.__dict__.items() if name not in WorkflowResult.__annotations__}


public(WorkflowResult)
