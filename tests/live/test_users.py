"""The repositories of several users, on a real server. The same tests run on the simulator in tests/contract."""

from __future__ import annotations

from tests.contract.test_users import *  # noqa: F403
