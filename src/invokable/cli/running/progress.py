"""Progress: a bar on stderr while a run goes on, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from invokable.cli.errors import plain


@contextmanager
def progress_bar(title: str, *, shown: bool) -> Iterator[None]:
    """Show that something goes on, for as long as it does."""
    if not shown or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bars.add_task(plain(title), total=None)
        yield
