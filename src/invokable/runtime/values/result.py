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
        outputs = {name: value for name, value in self.__dict__.items() if name not in WorkflowResult.__annotations__}
        return f"{type(self).__qualname__}({shown(outputs)})"


def shown(values: Mapping[str, object]) -> str:
    """Values by name, in short, as arguments."""
    return ", ".join(f"{name}={_short(value)}" for name, value in values.items())


def _short(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


WorkflowResult.__module__ = "invokable"  # as users import it
