"""Result: the base of what a run gives, and how values are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invokable.runtime.values.media import Image, Video

_SHOWN = 40  # characters of a value in a repr


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

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({shown(outputs_of(self))})"

    def _repr_html_(self) -> str:
        from invokable.runtime.values.notebook import result_html

        return result_html(self)


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
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


WorkflowResult.__module__ = "invokable"  # as users import it
