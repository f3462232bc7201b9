"""Values of fields, converted and refused like on the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from invokable.schema import MISSING, FieldType, InputTemplate, Limits
from invokable.testing.words import truth

Convert = Callable[[Any], Any]
"""Returns the value for the field. Raises ValueError if it is invalid."""


def server_default(field: InputTemplate) -> Any:
    """Return the server's value for a field that is not set."""
    # The catalogue has the editor's defaults, including some for fields that the server leaves empty.
    if field.required or field.name in {"board", "metadata"}:
        return None
    if field.nullable and (field.name, field.default) not in _NULLABLE_WITH_DEFAULT:
        return None
    if field.default is not MISSING:
        return field.default
    if field.type.name == "AnyField":
        return {}
    return None if field.type.cardinality == "SINGLE" else []


_NULLABLE_WITH_DEFAULT: Final = (
    ("instantx_control_mode", -1),
    ("guidance_scale_low_noise", 4.0),
)


def converter(field: InputTemplate) -> Convert | None:
    """Return the converter for this field; None if it accepts any value unchanged."""
    single = _single(field)
    if single is None or field.type.cardinality == "SINGLE":
        return single
    return partial(_many if field.type.cardinality == "COLLECTION" else _one_or_many, single)


def _single(field: InputTemplate) -> Convert | None:
    limits = (field.limits.item if _is_list(field.type) else field.limits) or Limits()
    if field.type.name == "IntegerField":
        return partial(_number, _integer, limits)
    if field.type.name == "FloatField":
        return partial(_number, _float, limits)
    if field.options:
        return partial(_choice, field.options)
    return _PLAIN.get(field.type.name)


def _is_list(type_: FieldType) -> bool:
    return type_.cardinality != "SINGLE"


def _many(single: Convert, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"expected a list, found {value!r}")
    return [single(item) for item in value]


def _one_or_many(single: Convert, value: Any) -> Any:
    return [single(item) for item in value] if isinstance(value, list) else single(value)


def _number(convert: Convert, limits: Limits, value: Any) -> Any:
    number = convert(value)
    if misfit := limits.misfit_of_number(number):
        raise ValueError(f"{number} {misfit}")
    return number


def _integer(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value} has a fractional part")
    if isinstance(value, int | float | str):
        return int(value)
    raise ValueError(f"expected an integer, found {value!r}")


def _float(value: Any) -> float:
    if isinstance(value, int | float | str):
        return float(value)
    raise ValueError(f"expected a number, found {value!r}")


def _string(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"expected a string, found {value!r}")
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if (meant := truth(value)) is None:
        raise ValueError(f"expected a boolean, found {value!r}")
    return meant


def _choice(options: tuple[object, ...], value: Any) -> Any:
    if value not in options:
        raise ValueError(f"{value!r} is not one of the options")
    return value


def _object(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected an object, found {value!r}")
    return value


_PLAIN: Final[dict[str, Convert]] = {
    "StringField": _string,
    "BooleanField": _boolean,
    "ImageField": _object,
    "ColorField": _object,
    "LatentsField": _object,
    "ModelIdentifierField": _object,
}
