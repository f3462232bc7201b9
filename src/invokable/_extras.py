"""Extras: the packages that the command line needs besides those of the runtime."""

from __future__ import annotations

from typing import Final

CODEGEN: Final = frozenset({"anyascii", "black", "click", "jinja2", "packaging", "rich"})
"""The packages of the `codegen` extra."""
