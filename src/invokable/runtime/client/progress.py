"""Progress: a progress bar for the events of a job, for terminals and notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from invokable.runtime.client.surface import check_function
from invokable.runtime.values.events import Ended, JobEvent, NodeFinished, NodeStarted, Progress, Queued, Started

Watch = Callable[[JobEvent], object]


@contextmanager
def watched(on_progress: Watch | None, *, bar: bool) -> Iterator[Watch | None]:
    """What to call with each event; None if nothing watches.

    Raises RuntimeError if a bar is requested and rich is not installed, and TypeError if `on_progress` is not a
    function.
    """
    check_function("on_progress", on_progress, "each event")
    if not bar:
        yield on_progress
        return
    with _progress() as shown:
        following = Bar(shown)

        def both(event: JobEvent) -> object:
            following(event)
            return on_progress(event) if on_progress is not None else None

        yield both


def _progress() -> Any:
    try:
        from rich.console import Console
        from rich.progress import Progress as Bars
    except ImportError:
        raise RuntimeError(
            "progress=True requires rich (pip install rich); or pass a callable as on_progress="
        ) from None
    return Bars(*columns(), console=Console(stderr=True))  # the output may go to a file or to another program


def columns() -> tuple[Any, ...]:
    """The columns of rich's Progress for a Bar. Requires rich."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

    # The server's messages are plain text: no markup, and no terminal control characters.
    description, note = (TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[note]"))
    return description, BarColumn(), note, TimeElapsedColumn()


class Bar:
    """One bar: for a single queue item it shows the progress of the nodes, otherwise the number of ended items."""

    def __init__(self, shown: Any) -> None:
        self._shown = shown
        self._task = shown.add_task("sending", total=None, note="")
        self._items = 1

    def __call__(self, event: JobEvent) -> None:
        """Show an event."""
        match event:
            case Queued():
                self._items = event.items
                note = f"{event.ahead} ahead" if event.ahead else ""
                self._update(description="queued", note=note, total=self._items if self._items > 1 else None)
            case Started():
                self._update(description="running", note="")
            case NodeStarted():
                self._update(description=event.node_type, note="", **self._single(None))
            case Progress():
                self._update(description=event.node_type, note=event.message, **self._single(event.fraction))
            case Ended():
                self._update(description=event.state, note="", total=event.items, completed=event.done)
            case NodeFinished() | JobEvent():
                pass

    def _single(self, fraction: float | None) -> dict[str, float | None]:
        return {} if self._items > 1 else {"total": None if fraction is None else 1.0, "completed": fraction or 0.0}

    def _update(self, **fields: Any) -> None:
        for name in ("description", "note"):
            if name in fields:
                fields[name] = "".join(c if c.isprintable() else " " for c in fields[name])
        self._shown.update(self._task, **fields)
