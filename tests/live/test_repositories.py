"""The repositories of a client, on a real server: the same tests run on the simulator in tests/contract."""

from __future__ import annotations

from tests.contract.test_repositories import *  # noqa: F403
