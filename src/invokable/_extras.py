"""Extras: the packages that the command line needs besides those of the runtime."""

from __future__ import annotations

from typing import Final

CODEGEN: Final = frozenset({"anyascii", "black", "click", "jinja2", "packaging", "rich"})
"""The packages of the `codegen` extra."""


def lacks_codegen(error: BaseException) -> bool:
    """Whether an error says that a package of the `codegen` extra is not installed."""
    return isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in CODEGEN
