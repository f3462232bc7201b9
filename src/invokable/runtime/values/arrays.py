"""Arrays: inputs that hold one, of NumPy or alike, which neither compares to one truth value nor prints in one line."""

from __future__ import annotations

from typing import Any


def is_array(value: object) -> bool:
    """Whether a value is an array, rather than a Pillow image, which may be read as one."""
    return hasattr(type(value), "__array_interface__") and not hasattr(type(value), "save")


def alike(one: Any, other: Any) -> bool:
    """Whether two values of inputs are equal: arrays by their shape, their kind and what they hold."""
    if one is other:
        return True
    if is_array(one) or is_array(other):
        return type(one) is type(other) and _kind(one) == _kind(other) and memoryview(one) == memoryview(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return bool(one == other)


def _kind(array: Any) -> Any:
    return array.__array_interface__["typestr"]


def array_in_short(array: Any) -> str:
    """An array in a few words."""
    shape = array.__array_interface__["shape"]
    return f"<array {' × '.join(map(str, shape))}>"
