"""Interface tables: the inputs and the outputs of a class, below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from invokable.cli.errors import say
from invokable.cli.tables import print_table

_LONGEST: Final = 40
"""Characters of a default that are shown."""


def print_tables(
    title: str, about_class: str, inputs: Iterable[Sequence[str]], outputs: Iterable[Sequence[str]]
) -> None:
    """Print two lines and the tables."""
    say(title)
    say(about_class)
    print_table(("Index", "Attribute", "Type", "Default", "Label"), inputs, right=("Index",))
    print_table(("Output", "Type", "Node"), outputs)


def default_cell(words: str | None, *, connected: bool) -> str:
    """The default of an input in the table; None if it has none."""
    if connected:
        return "fed by an edge"
    if words is None:
        return "required"
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
