"""Descriptions: what the docstring of an input says.

    label ─▶ the author's words, else the glossary's ─▶ what can be given ─▶ index, and where the field is in the editor

Nothing in them depends on where the schema comes from: a server's descriptions are not used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from invokable.codegen.describing.authors import authors_words
from invokable.codegen.describing.glossary import accepts, meaning
from invokable.workflow.headings import surroundings

if TYPE_CHECKING:
    from invokable.codegen.plan import ModulePlan, PlannedInput

_SHOWN: Final = frozenset(
    {"board", "color", "image", "integer", "LoRA", "number", "style preset", "text", "true or false", "video"}
)
"""Types in words that say no more than the annotation."""


class Descriptions:
    """The docstrings of a plan's inputs."""

    def __init__(self, plan: ModulePlan) -> None:
        self._authors = authors_words(plan.reading)
        self._around = surroundings(plan.reading.outline)
        self._title = plan.title

    def of(self, planned: PlannedInput) -> list[str]:
        """The paragraphs: label, what the input does, and the facts. The first two may be missing."""
        item = planned.item
        authors = " ".join(sentence(text) for text in self._authors[item.index])
        does = authors or meaning(item.node_type, item.field, str(item.template.type))
        return [text for text in (_label(planned), does, " ".join(self._facts(planned, bool(does)))) if text]

    def _facts(self, planned: PlannedInput, explained: bool) -> Iterator[str]:
        typed = planned.type
        given = accepts(str(planned.item.template.type))
        if typed.summary.removesuffix(", or a list") not in _SHOWN or not (explained or given):
            yield sentence(typed.summary[:1].upper() + typed.summary[1:])
        if given:
            yield given
        if planned.item.connected:
            yield "An edge of the workflow feeds this field: a value given here is refused."
        if typed.unfit:
            yield sentence(f"Required: {typed.unfit}")
        numbers = ", ".join(map(str, planned.indices))
        where = "" if same_words(planned.item.user_label, planned.attribute) else self._where(planned)
        yield sentence(f"{'Index' if len(planned.indices) == 1 else 'Indices'} {numbers}{where}")

    def _where(self, planned: PlannedInput) -> str:
        """Where the editor shows a field that its name alone does not tell: its node, and the heading over it."""
        item = planned.item
        around = self._around.get(item.index)
        heading = around.headings[-1] if around and around.headings else ""
        under = f', under "{heading}"' if heading and heading != self._title else ""
        return f", on {' '.join((item.node_label.strip() or item.node_title).split())}{under}"


def sentence(text: str) -> str:
    """A text on one line, with a full stop where it ends without a mark."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


def first_line(text: str, *, most: int) -> str:
    """A text as the first line of a docstring: on one line, with a mark at its end, and cut where it is longer."""
    line = " ".join(text.split()).rstrip(" .,:;…")
    if len(line) >= most:
        line = line[: most - 1].rpartition(" ")[0] or line[: most - 1]
    return line if line.endswith(("!", "?")) else f"{line or 'Workflow'}."


def same_words(label: str, attribute: str) -> bool:
    """Whether a label says no more than the attribute's name, just above the docstring."""
    words = "".join(c if c.isalnum() else " " for c in label.casefold()).split()
    return words == attribute.casefold().strip("_").split("_")


def _label(planned: PlannedInput) -> str:
    label = planned.item.label
    return "" if same_words(label, planned.attribute) else sentence(label)
