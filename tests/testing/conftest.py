"""A simulator for each test that requests one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from invokable.testing import Simulator
from tests.testing.asking import Asking


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def ask(simulator: Simulator) -> Asking:
    return Asking(simulator)
