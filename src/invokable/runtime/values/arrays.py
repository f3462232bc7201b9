"""Arrays: NumPy-like arrays as inputs, which do not compare to a single bool and do not print on one line."""

from __future__ import annotations

from typing import Any


def is_array(value: object) -> bool:
    """Whether a value is an array, as opposed to a Pillow image, which also has the array interface."""
    return hasattr(type(value), "__array_interface__") and not hasattr(type(value), "save")


def alike(one: Any, other: Any) -> bool:
    """Whether two input values are equal; arrays are compared by shape, type and contents."""
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
    """A short representation of an array, or of a number of NumPy."""
    shape = array.__array_interface__["shape"]
    return f"<array {' × '.join(map(str, shape))}>" if shape else repr(array)
