"""The simulator, in place of a real server. The tests in this folder run on both; see tests/live/test_contract.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from invokable.runtime.steps.runs import search, wait
from invokable.runtime.steps.runs.search import LATEST_ARRIVAL
from invokable.testing import Simulator
from tests.contract.fixtures import board, client, clip, connect, name, newest, stamp
from tests.effort import is_plain
from tests.live.provision import Server

__all__ = ["board", "client", "clip", "connect", "name", "newest", "stamp"]  # fixtures that pytest finds here

TINY = (
    ("tiny-esrgan-x2", "any", "spandrel_image_to_image"),
    ("tiny-sd15", "sd-1", "main"),
    ("tiny-sd15-controlnet-canny", "sd-1", "controlnet"),
    ("tiny-sd15-lora", "sd-1", "lora"),
    ("tiny-sd15-t2i-adapter", "sd-1", "t2i_adapter"),
    ("tiny-sd15-vae", "sd-1", "vae"),
    ("tiny-sdxl", "sdxl", "main"),
    ("tiny-sdxl-lora", "sdxl", "lora"),
    ("tiny-sdxl-vae", "sdxl", "vae"),
    ("tinyembed", "sd-1", "embedding"),
)
"""Name, base and type of the models that the live tests create."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave slow tests to `--all`; on real servers they always run."""
    if item.get_closest_marker("slow_on_simulator"):
        item.add_marker("slow")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A simulator on a port, with the interface of the live tests' server."""
    models = [{"name": name, "base": base, "type": kind} for name, base, kind in TINY]
    with Simulator(models=models) as simulator:
        yield Server(simulator.serve(), simulator.version)


@pytest.fixture(scope="session")
def crowd() -> Iterator[Server]:
    """A multi-user server without any account yet."""
    with Simulator(multiuser=True) as simulator:
        yield Server(simulator.serve(), simulator.version)


@pytest.fixture(scope="session")
def models(server: Server) -> dict[str, dict[str, str]]:
    """The server's models, by name."""
    return {model["name"]: model for model in server.get("/api/v2/models/")["models"]}


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """The number of concurrent jobs."""
    return 40 if is_plain(request.config) else 200


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds for which a client looks for a batch whose POST was lost: a tenth, to keep the fault tests short."""
    shorter = LATEST_ARRIVAL / 10
    for module in (search, wait):
        monkeypatch.setattr(module, "LATEST_ARRIVAL", shorter)
    return shorter
