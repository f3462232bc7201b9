"""A real server for the tests in this folder; see provision.py for the environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from invokable.runtime.steps.runs.search import LATEST_ARRIVAL
from tests.contract.fixtures import board, client, clip, connect, name, newest, stamp
from tests.live.provision import DEFAULT_VERSION, ProvisionError, Server, install_models, live_server

__all__ = ["board", "client", "clip", "connect", "name", "newest", "stamp"]  # fixtures that pytest finds here


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server; without any model if it was started for these tests."""
    with live_server(os.environ.get("INVOKABLE_LIVE_VERSION", DEFAULT_VERSION), quick=True) as running:
        yield running


@pytest.fixture(scope="session")
def unused(server: Server) -> Server:
    """The server, before any other test."""
    return server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that need an unused server."""
    items.sort(key=lambda item: "unused" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def crowd() -> Iterator[Server]:
    """A multi-user server without any account yet."""
    with live_server(DEFAULT_VERSION, multiuser=True, quick=True) as running:
        yield running


@pytest.fixture(scope="session")
def models(server: Server) -> dict[str, dict[str, str]]:
    """The server's models, by name, including the tiny ones."""
    try:
        install_models(server)
    except ProvisionError as error:
        if server.root is not None:
            raise
        pytest.skip(f"the tiny models cannot be installed on the given server: {error}")
    return {model["name"]: model for model in server.get("/api/v2/models/")["models"]}


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """The number of concurrent jobs. A server takes a second for each."""
    return 200 if request.config.getoption("--all") else 20


@pytest.fixture
def looking() -> float:
    """Seconds for which a client looks for a batch whose POST was lost."""
    return LATEST_ARRIVAL
