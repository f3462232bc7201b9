"""The events of a running session, one dataclass for each kind.

    Started ─▶ Progress … ─▶ Completed      once for each execution node
                          └▶ Failed         and the session ends

A node with invalid inputs fails without starting, as on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Started:
    """An execution node begins; `invocation` is the node with its inputs."""

    exec_id: str
    source_id: str
    invocation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """A node is running; `percentage` is 0 to 1, `image` the preview as a PNG file."""

    exec_id: str
    source_id: str
    message: str
    percentage: float | None = None
    image: bytes | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A node is done; `result` is its output, `type` and `output_meta` included."""

    exec_id: str
    source_id: str
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A node failed, and the session with it."""

    exec_id: str
    source_id: str
    error_type: str
    error_message: str
    traceback: str
    invocation: dict[str, Any]
    """The node, even if it failed before it started."""


Event = Started | Progress | Completed | Failed
