"""Values: what an input takes, and how each value looks on the wire.

Values that only the server can complete (a file to upload, a model or a board known by name) become wire values in
`invokable.runtime.steps.resources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from invokable.runtime.values.media import Image, Video

JsonValue: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, a list or a dict of these."""


class Index:
    """Marks an attribute with the form indices that show it."""

    __slots__ = ("indices",)

    def __init__(self, *indices: int) -> None:
        self.indices = indices

    def __repr__(self) -> str:
        return f"Index({', '.join(map(str, self.indices))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model on the server: by key, by hash, or by name, with base and type where the name is not unique."""

    name: str = ""
    base: str = ""
    type: str = ""
    key: str = ""
    hash: str = ""
    submodel_type: str = ""

    def __post_init__(self) -> None:
        if not (self.name or self.key or self.hash):
            raise ValueError("a Model needs a name, a key or a hash")

    def __str__(self) -> str:
        return self.name or self.key or self.hash


@dataclass(frozen=True, slots=True)
class LoRA:
    """A LoRA model with its weight."""

    model: Model | str
    weight: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board on the server, by its id."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Color:
    """A colour: red, green, blue and alpha, each from 0 to 255."""

    r: int
    g: int
    b: int
    a: int = 255

    def __post_init__(self) -> None:
        for channel in (self.r, self.g, self.b, self.a):
            if type(channel) is not int or not 0 <= channel <= 255:
                raise ValueError(f"a channel of a Color is an integer from 0 to 255, not {channel!r}")


@dataclass(frozen=True, slots=True)
class StylePreset:
    """A style preset on the server, by its id."""

    id: str


@runtime_checkable
class SupportsRead(Protocol):
    """A file object opened for reading bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Read bytes."""


@runtime_checkable
class SupportsSave(Protocol):
    """An image of Pillow, or what can be saved as one."""

    def save(self, fp: Any, format: str | None = ...) -> None:  # noqa: A002
        """Write the image to a file object."""


@runtime_checkable
class SupportsFspath(Protocol):
    """A path, as `os.PathLike`."""

    def __fspath__(self) -> str: ...


ModelInput: TypeAlias = Model | str
"""A model, or its name."""
BoardInput: TypeAlias = Board | str
"""A board or its name; "none" for no board, "auto" for where the server puts images of workflows."""
ImageInput: TypeAlias = str | SupportsFspath | bytes | SupportsRead | SupportsSave | Image
"""A path, the bytes of an image file, a file object, a Pillow image, or an image on the server."""
VideoInput: TypeAlias = str | SupportsFspath | bytes | SupportsRead | Video
"""A path, the bytes of an MP4 file, a file object, or a video on the server."""
if TYPE_CHECKING:
    from invokable.runtime.values.settings import FloatGenerator as FloatGenerator
    from invokable.runtime.values.settings import ImageGenerator as ImageGenerator
    from invokable.runtime.values.settings import IntegerGenerator as IntegerGenerator
    from invokable.runtime.values.settings import StringGenerator as StringGenerator
else:  # their settings are checked by what expands them
    FloatGenerator = IntegerGenerator = StringGenerator = ImageGenerator = dict[str, Any]


def model_wire(config: Mapping[str, Any], submodel_type: str = "") -> dict[str, Any]:
    """A model's identifier as a field's value has it, out of its entry in the server's list."""
    wire = {key: config[key] for key in ("key", "hash", "name", "base", "type")}
    return wire | ({"submodel_type": submodel_type} if submodel_type else {})
