"""Parse: convert text from the shell, or JSON from a file, to the value of an input."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from invokable import Color, LoRA, StylePreset
from invokable.contract.fields import MEDIA
from invokable.contract.settings import SETTINGS_FIELDS
from invokable.runtime.values.constraints import OneOf
from invokable.runtime.values.encoding import from_json
from invokable.runtime.values.pins import InputPin

_EXPECTED: Final = {
    "BoardField": 'a board: its name, none, auto, or {"board_id": "…"}',
    "BooleanField": "true or false",
    "ColorField": 'a color, such as #1e5aa0, #1e5aa0ff or {"r": 30, "g": 90, "b": 160}',
    "FloatField": "a number",
    "ImageField": 'an image: the path of a file, or {"image_name": "…"} for one on the server',
    "IntegerField": "an integer",
    "LoRAField": 'a LoRA: its name, or {"lora": "…", "weight": 0.75}',
    "ModelIdentifierField": 'a model: its name, or {"name": "…", "base": "…", "type": "…"}',
    "StylePresetField": 'a style preset: its id, or {"style_preset_id": "…"}',
    "VideoField": 'a video: the path of a file, or {"video_name": "…"} for one on the server',
}
_BOOLEANS: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)
_HEX: Final = re.compile(r"#?([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")


class ParseError(ValueError):
    """A text or JSON value that does not fit its input; the message says what was expected."""


def parse_text(text: str, pin: InputPin, hint: object) -> object:
    """The value of an input from a shell text. Raises ParseError."""
    name, several = pin.type.name, pin.type.cardinality != "SINGLE"
    if several and text.lstrip().startswith("["):
        return parse_json(_parsed(text, pin), pin, hint)
    if text == "null" and name != "StringField" and NoneType in _parts(hint):
        return None
    value = _one(text, pin, hint)
    return [value] if pin.type.cardinality == "COLLECTION" else value


def parse_json(value: Any, pin: InputPin, hint: object) -> object:
    """The value of an input from a JSON value. Raises ParseError."""
    if isinstance(value, list):
        return [parse_json(item, pin, hint) for item in value]
    try:
        value = from_json(value, pin.type.name)
    except (KeyError, TypeError, ValueError):
        raise _misfit(value, pin) from None
    if isinstance(value, str) and pin.type.name in _READERS:
        return _READERS[pin.type.name](value, pin)
    return value


def expected(pin: InputPin) -> str:
    """What an input accepts, in shell syntax."""
    kind = _EXPECTED.get(pin.type.name)
    if kind is None:
        kind = "generator settings as a JSON object" if pin.type.name in SETTINGS_FIELDS else "JSON"
    return kind


def _one(text: str, pin: InputPin, hint: object) -> object:
    if choices := _choices(hint):
        return _chosen(text, choices)
    name = pin.type.name
    if name == "StringField" or name == "EnumField":
        return text
    if name in _SCALARS:
        return _SCALARS[name](text, pin)
    if text.lstrip().startswith("{"):
        return parse_json(_parsed(text, pin), pin, hint)
    if name in MEDIA:
        return os.path.expanduser(text)
    if name in _READERS:
        return _READERS[name](text, pin)
    if name in _EXPECTED:
        return text
    try:
        return parse_json(_parsed(text, pin), pin, hint)
    except ParseError:
        if pin.custom is None:
            raise
        return text  # for the class to read


def _chosen(text: str, choices: Sequence[Any]) -> object:
    """The choice that a text stands for, or the text itself if it stands for none."""
    named = {str(choice): choice for choice in reversed(choices)}
    for spelled in (text, text.capitalize()):  # "true" is True
        if spelled in named and (spelled == text or isinstance(named[spelled], bool)):
            return named[spelled]
    if not _NUMBER.fullmatch(text.strip()):
        return text
    return next((choice for choice in choices if type(choice) in (int, float) and choice == float(text)), text)


def _choices(hint: object) -> list[Any]:
    """The choices in an annotation."""
    return [choice for part in _parts(hint) if get_origin(part) is Literal for choice in get_args(part)] + [
        choice for part in _parts(hint) if isinstance(part, OneOf) for choice in part.arguments
    ]


def _integer(text: str, pin: InputPin) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise _misfit(text, pin)
    return int(text)


def _number(text: str, pin: InputPin) -> float:
    if _INTEGER.fullmatch(text.strip()):
        return int(text)
    if not _NUMBER.fullmatch(text.strip()):
        raise _misfit(text, pin)
    return float(text)


def _boolean(text: str, pin: InputPin) -> bool:
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise _misfit(text, pin) from None


def _color(text: str, pin: InputPin) -> Color:
    found = _HEX.fullmatch(text.strip())
    if not found:
        raise _misfit(text, pin)
    digits = found[1] if len(found[1]) > 4 else "".join(digit * 2 for digit in found[1])
    return Color(**dict(zip("rgba", bytes.fromhex(digits), strict=False)))


_SCALARS: Final[dict[str, Callable[[str, InputPin], object]]] = {
    "BooleanField": _boolean,
    "FloatField": _number,
    "IntegerField": _integer,
}
_READERS: Final[dict[str, Callable[[str, InputPin], object]]] = {
    "ColorField": _color,
    "LoRAField": lambda text, _: LoRA(text),
    "StylePresetField": lambda text, _: StylePreset(text),
}
"""How to convert a plain text, also in a file of values."""


def _parsed(text: str, pin: InputPin) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _misfit(text, pin) from None


def _misfit(value: object, pin: InputPin) -> ParseError:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
    return ParseError(f"{shown!r} is not {expected(pin)}")


def _parts(hint: Any) -> Iterator[Any]:
    """The parts of an annotation: the members of unions, lists and Annotated."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *extras = get_args(hint)
        listed = [extra for extra in extras if isinstance(extra, OneOf)]
        yield from listed or _parts(inner)
    elif origin in (Union, UnionType, list):
        for member in get_args(hint):
            yield from _parts(member)
    else:
        yield hint
