"""The contract between client and server, on a real server. The same tests run on the simulator in tests/contract."""

from __future__ import annotations

from tests.contract.test_batches import *  # noqa: F403
from tests.contract.test_custom_fields import *  # noqa: F403
from tests.contract.test_examples import *  # noqa: F403
from tests.contract.test_faults import *  # noqa: F403
from tests.contract.test_refusals import *  # noqa: F403
from tests.contract.test_requests import *  # noqa: F403
from tests.contract.test_shell import *  # noqa: F403
