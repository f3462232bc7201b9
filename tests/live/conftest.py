"""A real server for the tests of this folder; see provision.py for the variables that choose it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from invokable import Client
from invokable.runtime.steps.submit import LATE
from tests.clip import CLIP
from tests.contract.kinds import asynchronous
from tests.live.provision import DEFAULT_VERSION, ProvisionError, Server, install_models, live_server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server that answers; without any model if it was started for these tests."""
    with live_server(os.environ.get("INVOKABLE_LIVE_VERSION", DEFAULT_VERSION)) as running:
        yield running


@pytest.fixture(scope="session")
def crowd() -> Iterator[Server]:
    """A server of several users, without an account yet."""
    with live_server(DEFAULT_VERSION, multiuser=True) as running:
        yield running


@pytest.fixture(scope="session")
def models(server: Server) -> dict[str, dict[str, str]]:
    """What the server knows of each model, by name, with the tiny ones among them."""
    try:
        install_models(server)
    except ProvisionError as error:
        if server.root is not None:
            raise
        pytest.skip(f"the server given cannot take the tiny models: {error}")
    return {model["name"]: model for model in server.get("/api/v2/models/")["models"]}


@pytest.fixture(params=["blocking", "asynchronous"])
def connect(request: pytest.FixtureRequest) -> Callable[..., Client]:
    """What makes a client, of either kind: both do the same."""
    made: Callable[..., Client] = Client if request.param == "blocking" else asynchronous
    return made


@pytest.fixture
def client(server: Server, connect: Callable[..., Client]) -> Iterator[Client]:
    """A client of the server."""
    with connect(server.url) as opened:
        yield opened


@pytest.fixture
def clip() -> bytes:
    """A video."""
    return CLIP


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """How many jobs there are at once. A server takes a second for each."""
    return 200 if request.config.getoption("--all") else 20


@pytest.fixture
def looking() -> float:
    """Seconds that a client looks for a batch whose POST was lost."""
    return LATE


@pytest.fixture
def stamp(tmp_path: Path) -> Path:
    """An image of one colour, 40 pixels wide and 30 high."""
    path = tmp_path / "stamp.png"
    Image.new("RGB", (40, 30), (250, 200, 10)).save(path)
    return path
