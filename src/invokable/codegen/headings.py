"""Headings: what stands over each field of the form.

The form is a tree of containers. A heading holds for what follows it in its container, nested containers included,
until the next heading there. A container has no title of its own: a heading, or else a short text, that comes first
in it serves as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from invokable.workflow import OutlineItem

_TITLE: Final = 40  # characters of a text that still reads as a title


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the author of a form wrote around one of its fields."""

    headings: tuple[str, ...] = ()
    """The headings over the field, the outermost first."""
    texts: tuple[str, ...] = ()
    """The text elements directly above the field, in the same container."""


@dataclass(slots=True)
class _Container:
    heading: str = ""
    texts: list[str] = field(default_factory=list)
    empty: bool = True


def surroundings(outline: Iterable[OutlineItem]) -> dict[int, Surroundings]:
    """What stands around each field of a form, by the field's index."""
    found: dict[int, Surroundings] = {}
    open_ = [_Container()]
    for item in outline:
        del open_[item.depth + 1 :]
        here = open_[-1]
        text = " ".join(item.text.split())
        if item.kind == "heading":
            here.heading, here.texts = text, []
        elif item.kind == "text":
            if here.empty and len(open_) > 1 and _is_title(text):
                here.heading = text
            here.texts.append(text)
        else:
            if item.kind == "field" and item.index is not None:
                headings = tuple(container.heading for container in open_ if container.heading)
                found[item.index] = Surroundings(headings, tuple(filter(None, here.texts)))
            here.texts = []
        here.empty = False
        if item.kind == "container":
            open_.append(_Container())
    return found


def _is_title(text: str) -> bool:
    return 0 < len(text) <= _TITLE and not text.endswith((".", "!", "?", "…", ";"))
