"""Progress: a bar on stderr that follows a run, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from invokable.runtime.client.progress import Bar, Watch, columns


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Watch | None]:
    """What is to be called with each event of a run; None where there is nobody to see it."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(*columns(), console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars)
