"""Logs: everything is logged under `invokable`, which is silent until the program configures logging."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("invokable")
LOG.addHandler(logging.NullHandler())
