"""The names of the server's classes for nodes and outputs.

They are the components of its openapi document, and decide which of several ready nodes runs first.
"""

from __future__ import annotations

import json
from functools import cache
from pkgutil import get_data


@cache
def class_name(kind: str, name: str) -> str:
    """The class of a node type (`invocation`) or an output type (`output`): ImageBlurInvocation for `img_blur`."""
    if name in (irregular := _irregular()[kind]):
        return irregular[name]
    words = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    return f"{words}Invocation" if kind == "invocation" else words


@cache
def _irregular() -> dict[str, dict[str, str]]:
    names: dict[str, dict[str, str]] = json.loads(get_data(__package__, "class_names.json") or b"{}")
    return names
