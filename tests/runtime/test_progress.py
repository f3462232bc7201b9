"""Progress: what a bar shows of the events of a job."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from invokable import Ended, NodeStarted, Progress, Queued, Started
from invokable.runtime.client.progress import Bar, watched


class Shown:
    """A progress display of rich, with one bar."""

    def __init__(self) -> None:
        self.bar: dict[str, Any] = {}

    def add_task(self, description: str, **values: Any) -> int:
        self.bar |= {"description": description, **values}
        return 0

    def update(self, task: int, **values: Any) -> None:
        self.bar |= values


def test_the_bar_of_a_single_item_shows_the_progress_of_its_nodes() -> None:
    shown = Shown()
    bar = Bar(shown)
    bar(Queued(1, 3, 1))
    assert shown.bar == {"description": "queued", "total": None, "note": "3 ahead"}
    bar(Started(1))
    bar(NodeStarted(1, "n", "denoise_latents"))
    assert (shown.bar["description"], shown.bar["total"]) == ("denoise_latents", None)
    bar(Progress(1, "n", "denoise_latents", 0.25, "step\n1", None))
    assert shown.bar == {"description": "denoise_latents", "total": 1.0, "completed": 0.25, "note": "step 1"}
    bar(Ended(1, "completed", 1, 1))
    assert shown.bar == {"description": "completed", "total": 1, "completed": 1, "note": ""}


def test_a_bar_requires_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with pytest.raises(RuntimeError, match=r"pip install rich"), watched(None, bar=True):
        pass


def test_the_bar_is_not_part_of_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    with watched(None, bar=True) as watch:
        assert watch is not None
        watch(Ended(1, "completed", 1, 1))
    output, errors = capsys.readouterr()
    assert (output, "completed" in errors) == ("", True)


def test_the_bar_of_several_items_shows_how_many_have_ended() -> None:
    shown = Shown()
    bar = Bar(shown)
    bar(Queued(1, 0, 4))
    assert (shown.bar["total"], shown.bar["note"]) == (4, "")
    bar(Ended(1, "completed", 1, 4))
    bar(Progress(2, "n", "denoise_latents", 0.5, "", None))
    assert (shown.bar["total"], shown.bar["completed"]) == (4, 1)
