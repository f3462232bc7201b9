"""The outline: the form as a Markdown list, each field under its headings."""

from __future__ import annotations

from typing import Any

from invokable.codegen.describing.outline import outline_of
from invokable.codegen.python.code import ListItem
from invokable.workflow.reading import OutlineItem


def item(kind: Any, depth: int, text: str = "", index: int | None = None) -> OutlineItem:
    return OutlineItem(kind, depth, text, index)


def outline(*items: OutlineItem, title: str = "Title") -> list[str | ListItem]:
    return list(outline_of(items, lambda index: f"{index} `f{index}`", title=title))


def test_fields_are_under_their_headings() -> None:
    found = outline(
        item("field", 0, "A", 0),
        item("container", 0),
        item("heading", 1, "Size"),
        item("text", 1, "In pixels."),
        item("field", 1, "B", 1),
        item("container", 1),
        item("heading", 2, "Fine"),
        item("field", 2, "C", 2),
        item("field", 1, "D", 3),
        item("field", 0, "E", 4),
        item("text", 0, "The end"),
    )
    assert found == [
        ListItem("0 `f0`"),
        ListItem("Size"),
        ListItem("In pixels.", 1),
        ListItem("1 `f1`", 1),
        ListItem("Size › Fine"),
        ListItem("2 `f2`", 1),
        ListItem("Size"),
        ListItem("3 `f3`", 1),
        ListItem("4 `f4`"),
        ListItem("The end"),
    ]


def test_a_heading_over_the_whole_form_is_shown_once() -> None:
    form = (item("heading", 0, "My  Form"), item("text", 0, "What it does."), item("field", 0, "A", 0))
    assert outline(*form) == ["My Form", "What it does.", ListItem("0 `f0`")]
    assert outline(*form, title="my form") == ["What it does.", ListItem("0 `f0`")]


def test_adjacent_headings_divide_the_form() -> None:
    found = outline(
        item("heading", 0, "One"), item("field", 0, "A", 0), item("heading", 0, "Two"), item("field", 0, "B", 1)
    )
    assert found == [ListItem("One"), ListItem("0 `f0`", 1), ListItem("Two"), ListItem("1 `f1`", 1)]


def test_a_text_that_serves_as_the_title_of_its_container_is_shown_once() -> None:
    found = outline(item("container", 0), item("text", 1, "Refiner"), item("field", 1, "A", 0))
    assert found == [ListItem("Refiner"), ListItem("0 `f0`", 1)]


def test_a_deep_or_wordy_form_stays_readable() -> None:
    elements = []
    for depth in range(100):
        elements += [item("container", depth), item("heading", depth + 1, "Deeper " * 30)]
    found = outline(*elements, item("text", 100, "word " * 1000), item("field", 100, "F", 0))
    heading, text, field = (element for element in found if isinstance(element, ListItem))
    assert heading.text.count(" › ") == 2
    assert len(heading.text) < 200
    assert text.text == f"{('word ' * 39).strip()}..."
    assert field == ListItem("0 `f0`", 1)
