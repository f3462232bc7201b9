"""Outline: the form as a list in the class docstring, which code editors render as Markdown.

    a text above the first field                    a paragraph
    - Prompt › Style                                the headings above the next fields
      - 0 `prompt`: text                            a field, with its index
    - 1 `board`: board                              a field without a heading

The list has two levels; nested headings share a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from invokable.codegen.python.code import ListItem
from invokable.codegen.typing.words import cut
from invokable.workflow.headings import form_title, headings, one_line, walk

if TYPE_CHECKING:
    from invokable.workflow import OutlineItem

_LONGEST: Final = 200
"""Characters of a text by the author."""
_HEADING: Final = 60
_DEEPEST: Final = 3  # headings on one line


def outline_of(
    elements: tuple[OutlineItem, ...], describe: Callable[[int], str], *, title: str
) -> Iterator[str | ListItem]:
    """The outline of a form: what the author wrote above the first field, then a list.

    `describe` returns the text of the field at an index; `title` is the workflow's name.
    """
    over_all = form_title(elements)
    if over_all and over_all.casefold() != one_line(title).casefold():
        yield cut(over_all, _LONGEST)
    section: tuple[str, ...] = ()
    listed = False
    for element, around in walk(elements):
        text = _said(element, describe)
        if not text or (element.kind == "text" and text == around[-1].heading):
            continue
        over = headings(around[1:] if over_all else around, _DEEPEST)
        if element.kind == "text" and not over and not listed:
            yield text
            continue
        if over != section and over:
            yield ListItem(" › ".join(cut(heading, _HEADING) for heading in over))
        section, listed = over, True
        yield ListItem(text, 1 if over else 0)


def _said(element: OutlineItem, describe: Callable[[int], str]) -> str:
    """An element's text in the outline; may be empty."""
    if element.kind == "field":
        return describe(element.index) if element.index is not None else ""
    return cut(one_line(element.text), _LONGEST) if element.kind == "text" else ""
