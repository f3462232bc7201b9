"""Logs: everything is logged under `invokable`, which says nothing until the program sets up logging."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("invokable")
LOG.addHandler(logging.NullHandler())
