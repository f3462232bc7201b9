"""Workflow: the base of every generated dataclass, and of its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from invokable.runtime.values.media import Image, Video

Self = TypeVar("Self", bound="Workflow")

_SHOWN = 40  # characters of a value in a repr


class WorkflowResult:
    """What a run gives: an attribute for each output, declared by the generated subclass.

    Whatever the outputs are called, `images` and `videos` hold every one with the node that made it.
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
        return f"{type(self).__qualname__}({_shown(outputs)})"


class Workflow:
    """A workflow with its values. Subclasses are generated keyword-only dataclasses.

    Values are checked when a workflow is made, all at once, and when one is assigned: ValidationError says which
    inputs are wrong, by index, attribute and label.
    """

    Result: ClassVar[type[WorkflowResult]]

    def __post_init__(self) -> None:
        from invokable.runtime.values.validation import validate

        validate(self)
        self.__dict__["_checked"] = True

    def __setattr__(self, name: str, value: object) -> None:
        if "_checked" in self.__dict__:
            from invokable.runtime.values.validation import validate_one

            names = _names(type(self))
            if name not in names:
                import difflib

                close = difflib.get_close_matches(name, names, n=1)
                hint = f" (did you mean {close[0]!r}?)" if close else ""
                raise AttributeError(f"{type(self).__name__} has no input {name!r}{hint}")
            validate_one(self, name, value)
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[tuple[int, str, Any]]:
        """Yield (index, attribute, value) of every input, in form order; the index is the first that shows it."""
        from invokable.runtime.values.pins import pins_of

        for target in pins_of(type(self)).inputs:
            yield target.index, target.attribute, getattr(self, target.attribute)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({_shown({name: getattr(self, name) for name in _names(type(self))})})"

    def replace(self: Self, **changes: Any) -> Self:
        """A copy with other values. Raises ValidationError, and TypeError for a unknown name."""
        kept = {name: _own(getattr(self, name)) for name in _names(type(self)) if name not in changes}
        return type(self)(**kept, **changes)

    def copy(self: Self) -> Self:
        """A copy that can be changed without changing this one, its lists included."""
        return self.replace()

    def to_dict(self) -> dict[str, Any]:
        """The values by attribute, as JSON. Raises TypeError for a file object or a Pillow image."""
        from invokable.runtime.values.encoding import to_json

        return {name: to_json(getattr(self, name)) for name in _names(type(self))}

    @classmethod
    def from_dict(cls: type[Self], values: Mapping[str, Any]) -> Self:
        """Make a workflow of what `to_dict` gave. Raises ValidationError, and TypeError for an unknown name."""
        from invokable.runtime.values.encoding import from_json
        from invokable.runtime.values.pins import pins_of

        types = {pin.attribute: pin.type.name for pin in pins_of(cls).inputs}
        return cls(**{name: from_json(value, types.get(name, "")) for name, value in values.items()})


def _names(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


def _own(value: Any) -> Any:
    """A value that shares no list and no dict with another; what else there is cannot be changed, or has no copy."""
    if isinstance(value, list):
        return [_own(item) for item in value]
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items()}
    return value


def _shown(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={_short(value)}" for name, value in values.items())


def _short(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


for _class in (Workflow, WorkflowResult):  # as users import them
    _class.__module__ = "invokable"
