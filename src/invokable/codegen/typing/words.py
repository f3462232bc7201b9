"""Words: the type of an input in plain words, for docstrings and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from invokable.codegen.typing.annotations import known_type
from invokable.codegen.typing.limits import cardinality_of
from invokable.contract.limit_words import range_in_words
from invokable.contract.listing import with_article
from invokable.contract.model_words import models_in_words
from invokable.contract.models import ANY_MODEL
from invokable.schema.model import MISSING

if TYPE_CHECKING:
    from invokable.contract.limits import Limits
    from invokable.schema.model import InputTemplate
    from invokable.workflow import FormInput

DOTS: Final = "..."
"""Ends a text that was cut."""
_CALL: Final = re.compile(r"[A-Z]\w*(?=\()")
_WORDS: Final[Mapping[str, str]] = {
    "AnyField": "any JSON value",
    "BoardField": "board",
    "BooleanField": "true or false",
    "ColorField": "color",
    "EnumField": "text",
    "FloatField": "number",
    "FloatGeneratorField": "settings of a number generator",
    "ImageField": "image",
    "ImageGeneratorField": "settings of an image generator",
    "IntegerField": "integer",
    "IntegerGeneratorField": "settings of an integer generator",
    "LoRAField": "LoRA",
    "SavedWorkflowField": "ID of a saved workflow",
    "SchedulerField": "name of a scheduler",
    "StringField": "text",
    "StringGeneratorField": "settings of a string generator",
    "StylePresetField": "style preset",
    "VideoField": "video",
}
_COUNTABLE: Final = frozenset({"board", "color", "image", "integer", "LoRA", "number", "style preset", "text", "video"})
"""Words with a plural: `list of images`."""
_LONGEST: Final = 160  # characters of choices listed in full
_MOST: Final = 12  # choices listed in full
_FIRST: Final = 3  # choices listed of many, besides the last
_CHOICE: Final = 60  # characters of a choice
_DEFAULT: Final = 60  # characters of a default


def summary(item: FormInput, choices: tuple[object, ...], limits: Limits) -> str:
    """The type of an input in words: `integer, 64 to 2048, a multiple of 8`."""
    name = item.template.type.name
    word = _WORDS.get(name) or (name if known_type(name) else f"JSON of type {name}")
    if choices:
        word = choices_in_words(choices, dict(reversed(item.options)))
    elif name == "ModelIdentifierField":
        word = models_in_words(item.template.models)
    cardinality = cardinality_of(item.template)
    if cardinality == "COLLECTION":
        word = f"list of {word}s" if word in _COUNTABLE else f"list, each item {_item(word, name)}"
    elif cardinality == "SINGLE_OR_COLLECTION":
        word = f"{word}, or a list"
    within = range_in_words(limits.item) if limits.item else ""
    return ", ".join(part for part in (word, range_in_words(limits), within and f"each {within}") if part)


def _item(word: str, name: str) -> str:
    return with_article(word) if name == "ModelIdentifierField" else word


def choices_in_words(choices: tuple[object, ...], labels: Mapping[Any, str] = MappingProxyType({})) -> str:
    """All choices if they are few, else their number, the first ones and the last; with labels that add to them."""

    def said(choice: object) -> str:
        label = cut(" ".join(labels.get(choice, "").split()), _CHOICE)
        known = not label or _letters(label) == _letters(str(choice))
        return _quoted(choice, _CHOICE) + ("" if known else f" ({label})")

    if len(choices) == 1:
        return f"only {said(choices[0])}"
    named = ", ".join(map(said, choices[:_MOST]))
    if len(choices) <= _MOST and len(named) <= _LONGEST:
        return f"one of {named}"
    return f"one of {len(choices)} choices: {', '.join(map(said, choices[:_FIRST]))}, ... {said(choices[-1])}"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def default_in_words(item: FormInput, written: str) -> str:
    """The default of an input, whose source is `written`; long ones are cut or described."""
    value = item.template.default if item.value is MISSING else item.value
    if value == []:
        return "an empty list"
    if isinstance(value, str):
        return _quoted(value, _DEFAULT)
    if isinstance(value, dict) and isinstance(name := value.get("name"), str) and name:
        return _quoted(name, _DEFAULT)
    if isinstance(value, list) and written.startswith("list["):  # whose item type is for type checkers
        written = f"[{written.partition('([')[2].removesuffix(')')}"
    if len(written) <= _DEFAULT and "\n" not in written:
        return written
    call = _CALL.match(written)
    return f"{call[0]}({DOTS})" if call else "the value in the workflow"


def cut(text: str, most: int) -> str:
    """A text of at most `most` characters: a longer one is cut between words and ends in three dots.

    The ellipsis character would double the memory of a module's text.
    """
    if len(text) <= most:
        return text
    head = text[: max(most - len(DOTS), 0)]
    whole = (head.rpartition(" ")[0] or head).rstrip(" .,:;")
    return f"{whole}{DOTS}" if head else ""


def _quoted(value: object, most: int) -> str:
    """A value as JSON; a long text is cut."""
    return json.dumps(cut(value, most) if isinstance(value, str) else value, ensure_ascii=False)


def models_of(fields: Iterable[InputTemplate]) -> str:
    """The models that all the fields take, such as `ControlNet model of sd-1`; empty if they differ or take any."""
    found = {models_in_words(field.models) for field in fields if field.models != ANY_MODEL}
    return found.pop() if len(found) == 1 else ""
