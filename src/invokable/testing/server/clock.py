"""Times in the server's formats."""

from __future__ import annotations

import time


def now() -> str:
    """The time in UTC, without a zone: `2026-11-25 08:56:32.764`."""
    seconds = time.time()
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(seconds))}.{int(seconds * 1000) % 1000:03d}"


def now_iso() -> str:
    """The time in UTC as in accounts: `2026-11-25T08:56:32.764000`."""
    return now().replace(" ", "T") + "000"


def stamp() -> int:
    """The time of an event, in whole seconds."""
    return int(time.time())
