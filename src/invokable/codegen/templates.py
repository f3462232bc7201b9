"""Templates: where the built-in ones are."""

from __future__ import annotations

from pathlib import Path


def templates_folder() -> Path:
    """The folder of the built-in templates: inside the installed package, or beside `src` in an editable install."""
    installed = Path(__file__).parents[1] / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "templates"
