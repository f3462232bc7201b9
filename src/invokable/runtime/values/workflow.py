"""Workflow: the base class of every generated dataclass."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from invokable.runtime.values.arrays import alike, is_array
from invokable.runtime.values.public import public
from invokable.runtime.values.reprs import shown
from invokable.runtime.values.result import WorkflowResult

if TYPE_CHECKING:
    from typing import Self

AnyWorkflow = TypeVar("AnyWorkflow", bound="Workflow")


class Workflow:
    """A workflow with values for its inputs. Subclasses are generated keyword-only dataclasses.

    Values are checked when a workflow is created and when one is assigned. ValidationError lists all invalid inputs,
    by index, attribute and label.

    Example:

        flow = Portrait(prompt="a fox")
        flow.prompt = "a red fox"
        night = flow.replace(prompt="a fox at night")
        for index, name, value in night:
            print(index, name, value)
    """

    Result: type[WorkflowResult]  # of the class; for pyright, a ClassVar would not fit what clients run

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__eq__" not in cls.__dict__:  # otherwise dataclass adds one that fails with arrays
            type.__setattr__(cls, "__eq__", Workflow.__eq__)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(alike(getattr(self, name), getattr(other, name)) for name in _names(type(self)))

    __hash__ = None  # type: ignore[assignment]  # values can change

    def __post_init__(self) -> None:
        from invokable.runtime.values.validation import validate

        validate(self)
        self.__dict__["_checked"] = True

    if not TYPE_CHECKING:  # otherwise type checkers would accept a misspelled attribute

        def __setattr__(self, name: str, value: object) -> None:
            if "_checked" in self.__dict__:
                from invokable.runtime.values.validation import validate_one

                if name not in _names(type(self)):
                    raise AttributeError(_no_input(type(self), name))
                validate_one(self, name, value)
            super().__setattr__(name, value)

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"{type(self).__name__}: an input cannot be deleted; assign a value to {name!r}")

    def __iter__(self) -> Iterator[tuple[int, str, Any]]:
        """Yield (index, attribute, value) for each input in form order, with its first index."""
        from invokable.runtime.values.pins import pins_of

        for target in pins_of(type(self)).inputs:
            yield target.index, target.attribute, getattr(self, target.attribute)

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({shown({name: getattr(self, name) for name in _names(type(self))})})"

    def _repr_html_(self) -> str:
        from invokable.runtime.values.notebook import inputs_table
        from invokable.runtime.values.pins import pins_of

        pins = pins_of(type(self)).inputs
        values = [(pin.index, pin.attribute, pin.label, getattr(self, pin.attribute)) for pin in pins]
        return inputs_table(type(self).__name__, values)

    if TYPE_CHECKING:  # each generated class declares its keyword arguments

        def replace(self, /, *args: Any, **changes: Any) -> Self:
            """Return a copy with other values. Raises ValidationError, and TypeError for an unknown name."""
            raise NotImplementedError

    else:

        def replace(self, /, **changes):
            """Return a copy with other values. Raises ValidationError, and TypeError for an unknown name."""
            return _changed(self, changes)

    def copy(self) -> Self:
        """Return an independent copy, including its lists."""
        return _changed(self, {})

    def to_dict(self) -> dict[str, Any]:
        """Return the values by attribute, as JSON. Raises TypeError for a file object or a Pillow image."""
        from invokable.runtime.values.encoding import to_json

        return {name: to_json(getattr(self, name)) for name in _names(type(self))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Create a workflow from what `to_dict` returned. Raises ValidationError, and TypeError for an unknown name."""
        from invokable.runtime.values.decoding import decoded

        _check_names(cls, values)
        return cls(**decoded(cls, values))


def _names(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


def _check_names(cls: type, names: Iterable[str]) -> None:
    """Raise TypeError for a name that is not an input."""
    known = _names(cls)
    for name in names:
        if name not in known:
            raise TypeError(_no_input(cls, name))


def _no_input(cls: type, name: str) -> str:
    from invokable.contract.nearest import suggestion

    return f"{cls.__name__} has no input {name!r}{suggestion(str(name), _names(cls), most=1)}"


def _changed(flow: AnyWorkflow, changes: Mapping[str, Any]) -> AnyWorkflow:
    _check_names(type(flow), changes)
    kept = {name: _own(getattr(flow, name)) for name in _names(type(flow)) if name not in changes}
    return type(flow)(**kept, **changes)


def _own(value: Any) -> Any:
    """A copy of a value that shares nothing mutable with it, except what cannot be copied, such as an open file."""
    if isinstance(value, list):
        return [_own(item) for item in value]
    if isinstance(value, dict):
        return {key: _own(item) for key, item in value.items()}
    return copy.copy(value) if is_array(value) else value


public(Workflow)
