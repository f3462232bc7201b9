"""Fixtures of the tests that run on both the simulator and real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from invokable import BoardRecord, Client
from tests.clip import CLIP
from tests.contract.kinds import asynchronous
from tests.live.provision import DEFAULT_VERSION, Server


@pytest.fixture(params=["blocking", pytest.param("asynchronous", marks=pytest.mark.slow_on_simulator)])
def connect(request: pytest.FixtureRequest) -> Callable[..., Client]:
    """Creates a client of either kind, since both do the same."""
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
def stamp(tmp_path: Path) -> Path:
    """A single-color image, 40 pixels wide and 30 high."""
    path = tmp_path / "stamp.png"
    Image.new("RGB", (40, 30), (250, 200, 10)).save(path)
    return path


@pytest.fixture
def name() -> str:
    """A unique name."""
    return f"t-{uuid4()}"


@pytest.fixture
def board(client: Client, name: str) -> Iterator[BoardRecord]:
    """A board with that name, deleted with its contents in the end."""
    made = client.boards.create(name)
    yield made
    if any(found == made for found in client.boards.list(archived=True)):
        client.boards.delete(made, delete_contents=True)


@pytest.fixture
def newest(server: Server) -> Server:
    """The server, for tests of what only the newest version answers."""
    if server.version != DEFAULT_VERSION:
        pytest.skip(f"these are the answers of {DEFAULT_VERSION}")
    return server
