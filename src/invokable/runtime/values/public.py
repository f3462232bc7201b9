"""Public: classes under the name by which users import them."""

from __future__ import annotations

import sys
from inspect import get_annotations


def public(*classes: type) -> None:
    """Show classes as those of `invokable`.

    Their annotations are evaluated here, since `typing.get_type_hints` would look for the names in `invokable`.
    """
    for cls in classes:
        names = vars(sys.modules[cls.__module__])
        cls.__annotations__ = get_annotations(cls, globals=names, locals={}, eval_str=True)
        cls.__module__ = "invokable"
