"""Tables: on a terminal drawn with lines and wrapped to its width; elsewhere one tab-separated line per row."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from invokable.contract.plain import plain


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = ()) -> None:
    """Print a table to stdout; the columns named in `right` are right-aligned. Control characters are escaped."""
    if sys.stdout.isatty():
        _draw(headings, rows, frozenset(right))
        return
    for row in (headings, *rows):
        sys.stdout.write("\t".join(plain(cell) for cell in row) + "\n")


def _draw(headings: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", justify="right" if heading in right else "left")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    Console().print(table)
