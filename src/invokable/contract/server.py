"""Server: the newest version, the default address, its environment variables, and the states of a queue item."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

NEWEST: Final = "6.14.2"
"""The newest InvokeAI whose node schemas are bundled, and which the simulator simulates by default."""
HOST: Final = "127.0.0.1"
PORT: Final = 9090
LOCAL: Final = f"http://{HOST}:{PORT}"
"""The default address of the server."""
URL: Final = "INVOKEAI_URL"
"""The environment variable with the address of the server."""
TOKEN: Final = "INVOKEAI_TOKEN"
"""The environment variable with the token for a multi-user server."""

State: TypeAlias = Literal["pending", "in_progress", "waiting", "completed", "failed", "canceled"]
"""The state of a queue item."""
STATES: Final[tuple[str, ...]] = get_args(State)
EndState: TypeAlias = Literal["completed", "failed", "canceled"]
"""The state of a queue item that has ended."""
ENDED: Final[frozenset[str]] = frozenset(get_args(EndState))
REDACTED: Final = "redacted"
"""The batch id that the server shows of another user's item."""
OPEN: Final[frozenset[str]] = frozenset(STATES) - ENDED
"""The states of an item that has not ended."""
AGAIN: Final[frozenset[str]] = frozenset({"failed", "canceled"})
"""The states of an item that can be retried."""
