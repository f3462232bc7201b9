"""Progress: a progress bar on stderr, on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from invokable.runtime.client.progress import Bar, Watch, columns


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Watch | None]:
    """A callback for the events of a run; None if there is no terminal."""
    if not shown or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(*columns(), console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars)
