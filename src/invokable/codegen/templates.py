"""Templates: where the built-in ones are, and the package itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1]
"""The folder of `invokable`."""


def templates_folder() -> Path:
    """The folder of the built-in templates: inside the installed package, or next to `src` in an editable install."""
    installed = PACKAGE / "templates"
    return installed if installed.is_dir() else PACKAGE.parents[1] / "templates"
