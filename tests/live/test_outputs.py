"""Outputs of runs on a real server. The same tests run on the simulator in tests/contract."""

from __future__ import annotations

from tests.contract.test_outputs import *  # noqa: F403
from tests.contract.test_videos import *  # noqa: F403
