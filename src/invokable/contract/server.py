"""Server: where it is looked for without an address, and how its queue says what became of an item."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

LOCAL: Final = "http://127.0.0.1:9090"
"""The server's address where none is given."""
URL: Final = "INVOKEAI_URL"
"""The environment variable that holds an address."""
TOKEN: Final = "INVOKEAI_TOKEN"
"""The environment variable with the token for a multi-user server."""

State: TypeAlias = Literal["pending", "in_progress", "waiting", "completed", "failed", "canceled"]
"""The state of a queue item that has ended."""
STATES: Final[tuple[str, ...]] = get_args(State)
ENDED: Final[frozenset[str]] = frozenset({"completed", "failed", "canceled"})
"""The states that an item keeps."""
