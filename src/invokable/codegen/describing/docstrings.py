"""Docstrings: those of the module, of its class and of the result, as paragraphs and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from invokable.codegen.describing.descriptions import first_line
from invokable.codegen.describing.outline import outline_of
from invokable.codegen.plan import ModulePlan, PlannedInput, PlannedOutput
from invokable.codegen.python.code import ListItem
from invokable.codegen.typing.words import DOTS
from invokable.workflow.headings import one_line

_TITLE: Final = 50  # characters of a title within a sentence


def of_module(plan: ModulePlan) -> Iterator[str | ListItem]:
    """The title and description of the workflow."""
    first = first_line(plan.title, most=_TITLE)
    yield first
    if first.endswith(DOTS):
        yield one_line(plan.title)
    yield plan.reading.workflow.description


def of_class(plan: ModulePlan, summary: Callable[[PlannedInput], object]) -> Iterator[str | ListItem]:
    """The form in outline, with a `summary` of each input."""
    shown = {index: planned for planned in plan.inputs for index in planned.indices}

    def described(index: int) -> str:
        planned = shown.get(index)
        if planned is None:
            return ""
        first = planned.indices[0]
        if index == first:
            connected = "; fed by an edge" if planned.item.connected else ""
            return f"{index} `{planned.attribute}`: {summary(planned)}{connected}"
        return f"{index} `{planned.attribute}`, the same as {first}"

    yield f"The inputs of {first_line(plan.title, most=_TITLE)}"
    yield from outline_of(plan.reading.outline, described, title=plan.title)


def of_result(plan: ModulePlan, description: Callable[[PlannedOutput], str]) -> Iterator[str | ListItem]:
    """The outputs, each with its `description`."""
    yield f"The result of {first_line(plan.title, most=_TITLE).removesuffix('.')}."
    for planned in plan.outputs:
        yield ListItem(f"`{planned.attribute}`: {description(planned)}")
