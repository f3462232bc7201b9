"""Our version, where nothing has to be looked up for it."""

from typing import Final

VERSION: Final = "0.1.0"
