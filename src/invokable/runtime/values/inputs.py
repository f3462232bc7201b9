"""Inputs: the types of input values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from invokable.contract.models import IDENTIFYING, MODEL_KEYS
from invokable.runtime.values.instances import CheckedByInstance, ComparedByIdentity, check_text
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.public import public

JsonValue: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, or a list or dict of these."""


class Index:
    """Marks an attribute with the form indices at which it appears."""

    __slots__ = ("indices",)

    def __init__(self, *indices: int) -> None:
        self.indices = indices

    def __repr__(self) -> str:
        return f"Index({', '.join(map(str, self.indices))})"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model(CheckedByInstance, ComparedByIdentity):
    """A model on the server, by key, hash or name; add base and type if the name is not unique.

    Example:

        flow = Portrait(prompt="a fox", model=Model(name="Dreamshaper 8", base="sd-1", type="main"))
    """

    name: str = ""
    base: str = ""
    type: str = ""
    key: str = ""
    hash: str = ""
    submodel_type: str = ""

    def __post_init__(self) -> None:
        if not any(getattr(self, key) for key in IDENTIFYING):
            raise ValueError("a Model needs a name, a key or a hash")
        for key in MODEL_KEYS:
            if not isinstance(part := getattr(self, key), str):
                raise ValueError(f"the fields of a Model must be strings, not {part!r}")

    def __str__(self) -> str:
        return self.name or self.key or self.hash

    def _identity(self) -> tuple[object, ...]:
        # All of it: on a server without a model of that key, the rest decides which one is meant.
        return "models", *(getattr(self, key) for key in MODEL_KEYS)


@dataclass(frozen=True, slots=True)
class LoRA(CheckedByInstance):
    """A LoRA model with its weight.

    Example:

        fur = LoRA("more-fur", weight=0.6)
        softer = LoRA(Model(name="soft-light", base="sd-1"))  # at 0.75
    """

    model: Model | str
    weight: float = 0.75

    def __post_init__(self) -> None:
        if not isinstance(self.model, Model | str):
            raise ValueError(f"the model of a LoRA must be a Model or a name, not {self.model!r}")
        if isinstance(self.weight, bool) or not isinstance(self.weight, int | float) or not math.isfinite(self.weight):
            raise ValueError(f"the weight of a LoRA must be a number, not {self.weight!r}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Board(CheckedByInstance, ComparedByIdentity):
    """A board on the server, by its id.

    Example:

        board = client.boards.find("Foxes")
        flow = Portrait(prompt="a fox", board=board)
    """

    id: str
    name: str = ""

    def __post_init__(self) -> None:
        check_text(self.id, "id of a Board")

    def _identity(self) -> tuple[object, ...]:
        return "boards", self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Color(CheckedByInstance):
    """A color: red, green, blue and alpha, each from 0 to 255.

    Example:

        blue = Color(r=30, g=90, b=160)
        glass = Color(r=30, g=90, b=160, a=128)
    """

    r: int
    g: int
    b: int
    a: int = 255

    def __post_init__(self) -> None:
        from invokable.contract.colors import FULL, is_channel  # generated modules are imported without it

        for channel in (self.r, self.g, self.b, self.a):
            if not is_channel(channel):
                raise ValueError(f"a channel of a Color must be an integer from 0 to {FULL}, not {channel!r}")


@dataclass(frozen=True, slots=True, eq=False)
class StylePreset(CheckedByInstance, ComparedByIdentity):
    """A style preset on the server, by its id.

    Example:

        preset = StylePreset("b1a4b0a3-33c1-4bd9-9d4f-0f1d0c4a7a0e")
    """

    id: str

    def __post_init__(self) -> None:
        check_text(self.id, "id of a StylePreset")

    def _identity(self) -> tuple[object, ...]:
        return "style_presets", self.id


@runtime_checkable
class SupportsRead(Protocol):
    """A file object opened for reading bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Read bytes."""


@runtime_checkable
class SupportsSave(Protocol):
    """A Pillow image, or anything that can be saved like one."""

    def save(self, fp: Any, format: str | None = ...) -> None:  # noqa: A002
        """Write the image to a file object."""


@runtime_checkable
class SupportsArray(Protocol):
    """A NumPy-like array of bytes: height × width, or height × width × 3 or 4 channels."""

    @property
    def __array_interface__(self) -> Any:
        """The array interface of NumPy, which Pillow also reads."""


@runtime_checkable
class SupportsFspath(Protocol):
    """A path, like `os.PathLike`."""

    def __fspath__(self) -> str: ...


ModelInput: TypeAlias = Model | str
"""A model, or its name."""
if TYPE_CHECKING:  # code editors offer the literals
    BoardInput: TypeAlias = Literal["auto", "none"] | Board | str
    """A board or its name; "none" for no board, "auto" for the server's default."""
else:
    BoardInput = Board | str
# Protocols come last, since checking methods takes longest.
Bytes: TypeAlias = bytes | bytearray | memoryview
"""The content of a file."""
ImageInput: TypeAlias = str | Bytes | Image | SupportsFspath | SupportsRead | SupportsSave | SupportsArray
"""A path, the bytes of an image file, an image on the server, a file object, a Pillow image, or a NumPy array."""
VideoInput: TypeAlias = str | Bytes | Video | SupportsFspath | SupportsRead
"""A path, the bytes of an MP4 file, a video on the server, or a file object."""
if TYPE_CHECKING:
    from invokable.runtime.values.settings import FloatGenerator as FloatGenerator
    from invokable.runtime.values.settings import ImageGenerator as ImageGenerator
    from invokable.runtime.values.settings import IntegerGenerator as IntegerGenerator
    from invokable.runtime.values.settings import StringGenerator as StringGenerator
else:  # the settings are checked by the code that expands them
    FloatGenerator = IntegerGenerator = StringGenerator = ImageGenerator = dict[str, Any]


public(Board, Color, LoRA, Model, StylePreset)
