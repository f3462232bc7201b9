"""Tools: the tables of tools in a pyproject.toml, refused before it takes much time or memory."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

from invokable.contract.utf8 import as_written

MAX_BYTES: Final = 2**20
_MOST_PARTS: Final = 100
_PART: Final = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY: Final = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}", re.ASCII)
"""A key for which the standard library takes time and memory with the square of its parts."""


def read_tools(data: bytes) -> Mapping[str, object]:
    """The table of tools in a pyproject.toml. Raises ValueError and RecursionError for what cannot be read."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    text = as_written(data).decode()
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    tool = tomllib.loads(text).get("tool")
    return tool if isinstance(tool, dict) else {}
