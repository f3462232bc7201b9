"""A real server that is killed and started again while a run waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from invokable import Client, RunCanceled
from tests.examples import imported, with_generator, workflow_class
from tests.live.provision import restarted


def test_what_ran_is_canceled_and_what_was_pending_goes_on(stamp: Path) -> None:
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 1, "count": 30}
    flow = workflow_class(imported(with_generator(settings)))(stamp=stamp, height=32)
    with restarted(after=4.0) as server, Client(server.url) as client, pytest.raises(RunCanceled) as caught:
        client.run(flow, timeout=240)
    assert "by the restart of the server" in str(caught.value)
    assert len(caught.value.item_ids) == 1
    assert len(caught.value.partial.card) == 29  # type: ignore[union-attr]
