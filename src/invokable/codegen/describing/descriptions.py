"""Descriptions: the docstrings of inputs.

    label
    the author's words, else the glossary's ─▶ what it feeds
    accepted values ─▶ what happens if omitted ─▶ index, and where the field is in the editor

Code editors show the type with the docstring, but not the default. Nothing here depends on where the schema comes
from: a server's descriptions are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from invokable.codegen.describing.authors import authors_words
from invokable.codegen.describing.destinations import Destination, Destinations, joined
from invokable.codegen.describing.glossary import accepts
from invokable.codegen.typing.words import DOTS, cut, default_in_words, models_of
from invokable.contract.listing import all_of
from invokable.contract.settings import SETTINGS_FIELDS
from invokable.workflow.headings import Surroundings, one_line, surroundings

if TYPE_CHECKING:
    from invokable.codegen.plan import ModulePlan, PlannedInput

_ANY_MODEL: Final = "model"
_SHOWN: Final = frozenset(
    {"board", "color", "image", "integer", "LoRA", "number", "style preset", "text", "true or false", "video"}
)
"""Type descriptions that add nothing to the annotation."""


class Descriptions:
    """The docstrings of a plan's inputs."""

    def __init__(self, plan: ModulePlan) -> None:
        self._authors = authors_words(plan.reading)
        self._around = surroundings(plan.reading.outline)
        self._destinations = Destinations(plan.reading)
        self._outputs: dict[str, list[str]] = {}
        """The attributes of the result, by the node that they come from."""
        for output in plan.outputs:
            self._outputs.setdefault(output.output.node_id, []).append(output.attribute)
        self._title = plan.title

    def of(self, planned: PlannedInput) -> list[str]:
        """The paragraphs: label, what the input does, and its facts. The first two are optional."""
        destination = self._destinations.of(planned.item)
        authors = " ".join(sentence(text) for text in self._authors[planned.item.index])
        does = " ".join(filter(None, (authors or destination.does, destination.values, destination.feeds)))
        facts = " ".join(self._facts(planned, destination, explained=bool(does)))
        return [text for text in (_label(planned), does, facts) if text]

    def summary(self, planned: PlannedInput) -> str:
        """The type of an input with its limits, as in the outline of the form."""
        is_any = planned.type.summary == _ANY_MODEL
        return _summary(planned, self._destinations.of(planned.item)) if is_any else planned.type.summary

    def _facts(self, planned: PlannedInput, destination: Destination, *, explained: bool) -> Iterator[str]:
        item = planned.item
        given = accepts(str(item.template.type))
        summary = _summary(planned, destination)
        if summary.removesuffix(", or a list") not in _SHOWN or not (explained or given):
            yield sentence(summary[:1].upper() + summary[1:])
        if given:
            yield given
        if item.template.type.name == "BoardField":
            yield from self._files(item.node_id)
        yield _omitted(planned, destination)
        numbers = all_of(map(str, planned.indices))
        where = "" if same_words(item.user_label, planned.attribute) else self._where(planned)
        yield sentence(f"{'Index' if len(planned.indices) == 1 else 'Indices'} {numbers}{where}")

    def _files(self, node_id: str) -> Iterator[str]:
        """Which outputs a board is for, if there are several."""
        names = self._outputs.get(node_id)
        if names and len(self._outputs) > 1:
            yield f"For {joined([f'`{name}`' for name in names])} of the result."

    def _where(self, planned: PlannedInput) -> str:
        """Where InvokeAI's editor shows a field: its node and the heading above it; empty if the name is enough."""
        item = planned.item
        node = one_line(item.node_label) or one_line(item.node_title)
        return f", on {node}{under(self._around.get(item.index), title=self._title)}"


def _summary(planned: PlannedInput, destination: Destination) -> str:
    """The summary of an input's type; for any model, the models that the fields take that it feeds."""
    summary = planned.type.summary
    return (models_of(destination.fields) if summary == _ANY_MODEL else "") or summary


def under(around: Surroundings | None, *, title: str) -> str:
    """`, under "Output"`: the heading above a field, unless it is the workflow's title; empty if there is none."""
    heading = around.nearest if around else ""
    return f', under "{heading}"' if heading and heading != title else ""


def sentence(text: str) -> str:
    """A text on one line, ending in a full stop unless it has another mark."""
    text = one_line(text)
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


def first_line(text: str, *, most: int) -> str:
    """A text as the first line of a docstring: on one line, ending in a mark, and cut to `most` characters."""
    line = cut(one_line(text).rstrip(" .,:;…"), most - 1)
    return line if line.endswith(("!", "?", DOTS)) else f"{line or 'Workflow'}."


def same_words(label: str, attribute: str) -> bool:
    """Whether a label adds nothing to the attribute's name."""
    return _words(label) == attribute.casefold().strip("_").split("_")


def _words(text: str) -> list[str]:
    """The words of a text in the normal form that names have."""
    return "".join(c if c.isalnum() else " " for c in normalize("NFKC", text.casefold())).split()


def _label(planned: PlannedInput) -> str:
    """The author's label, or the field's title if nothing else describes it; empty if the name says the same."""
    item, attribute = planned.item, planned.attribute
    if item.user_label:
        return "" if same_words(item.user_label, attribute) else sentence(item.user_label)
    if item.template.type.name in SETTINGS_FIELDS:  # their title is only that of the first setting
        return ""
    redundant = bool(item.node_label.strip()) or set(_words(item.label)) <= set(attribute.casefold().split("_"))
    return "" if redundant else sentence(item.label)


def _omitted(planned: PlannedInput, destination: Destination) -> str:
    """What happens if the input is omitted."""
    item, typed = planned.item, planned.type
    if item.connected:
        return "An edge of the workflow feeds this field; values for it are refused."
    if typed.default is None:
        return sentence(f"Required: {typed.unfit}") if typed.unfit else "Required."
    if typed.default.code == "None":
        return destination.without or "Optional."
    return f"Default: {default_in_words(item, typed.default.code)}."
