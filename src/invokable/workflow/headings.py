"""Headings: the headings and texts above each field of the form.

The form is a tree of containers. A heading applies to the following elements of its container, including nested
containers, until the next heading, or until a divider below them. Containers have no title; a leading heading or short
text serves as one. A heading over the whole form is its title, and says nothing about a single field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from invokable.workflow.reading import OutlineItem

_TITLE: Final = 40  # characters of a text that can serve as a title
_NEAREST: Final = 20  # headings over one field; forms of hostile depth have thousands over each


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The headings and texts around a field of a form."""

    headings: tuple[str, ...] = ()
    """The headings over the field, the outermost first; of very many only the nearest."""
    texts: tuple[str, ...] = ()
    """The text elements directly above the field, in the same container."""

    @property
    def nearest(self) -> str:
        """The nearest heading; empty without any."""
        return self.headings[-1] if self.headings else ""


@dataclass(slots=True)
class Container:
    """A container of a form during a walk."""

    heading: str = ""
    """The current heading; may be empty."""
    texts: list[str] = field(default_factory=list)
    """The text elements since the last other element."""
    empty: bool = True
    headed: bool = False
    """Whether there are fields or containers below the current heading."""


def surroundings(outline: Sequence[OutlineItem]) -> dict[int, Surroundings]:
    """The surroundings of each field of a form, by index."""
    outermost = 1 if form_title(outline) else 0
    return {
        item.index: Surroundings(headings(around[outermost:]), tuple(filter(None, around[-1].texts)))
        for item, around in walk(outline)
        if item.kind == "field" and item.index is not None
    }


def form_title(outline: Sequence[OutlineItem]) -> str:
    """The heading of the whole form: the only one outside all containers and before the first field; may be empty."""
    outermost = [item for item in outline if item.depth == 0 and item.kind == "heading"]
    before = next((item for item in outline if item.kind in ("field", "heading")), None)
    return one_line(before.text) if before is not None and outermost == [before] else ""


def headings(around: Sequence[Container], most: int = _NEAREST) -> tuple[str, ...]:
    """The headings that hold inside of some containers, the outermost first; of more than `most` only the nearest."""
    return tuple(islice((container.heading for container in reversed(around) if container.heading), most))[::-1]


def walk(outline: Iterable[OutlineItem]) -> Iterator[tuple[OutlineItem, Sequence[Container]]]:
    """The items of a form, each with the state of the containers around it, root first."""
    open_ = [Container()]
    for item in outline:
        del open_[item.depth + 1 :]
        here = open_[-1]
        text = one_line(item.text) if item.kind in ("heading", "text") else ""
        if item.kind == "heading" or (item.kind == "divider" and here.headed):
            here.heading, here.texts, here.headed = text, [], False
        elif item.kind == "text" and here.empty and len(open_) > 1 and _is_title(text):
            here.heading = text
        yield item, open_
        here.texts = [*here.texts, text] if item.kind == "text" else []
        here.empty = False
        here.headed |= item.kind in ("field", "container")
        if item.kind == "container":
            open_.append(Container())


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def _is_title(text: str) -> bool:
    return 0 < len(text) <= _TITLE and not text.endswith((".", "!", "?", "…", ";"))
