"""The pytest plugin: a simulator and a client for each test, without a server, GPU or network.

    def test_portrait(invokable_client):
        result = invokable_client.run(Portrait(prompt="a fox", model="Dreamshaper 8"))
        assert result.image.pil().size == (512, 512)

`@pytest.mark.invokable(version="6.8.1", models=[…])` sets the simulator's options.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from invokable import Client
    from invokable.testing import Simulator


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "invokable(**options): options of the simulator, see invokable.testing.Simulator"
    )


@pytest.fixture
def invokable_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulated InvokeAI server in this process. `serve()` also opens a port."""
    from invokable.testing import Simulator

    marker = request.node.get_closest_marker("invokable")
    with Simulator(**(marker.kwargs if marker else {})) as simulator:
        yield simulator


@pytest.fixture
def invokable_client(invokable_simulator: Simulator) -> Client:
    """A client of the test's simulator."""
    return invokable_simulator.client()
