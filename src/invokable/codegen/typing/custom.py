"""Custom: the project's own classes for fields.

    [tool.invokable.fields]
    PaletteField = "palettes:Palette"          # every field of that type, on any node
    "mix_palette.colors" = "palettes:Palette"  # one field of one node type

Modules refer to the classes by name; they are never imported here. `invokable.FieldValue` is their interface.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from invokable.codegen.naming.names import misfit_of_class
from invokable.codegen.python import expression
from invokable.codegen.python.expression import Expression
from invokable.codegen.typing.annotations import SERVER_TYPES, known_type

_HOME: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CustomFields:
    """Classes by field type, or by node type and field: `PaletteField`, `mix_palette.colors`."""

    homes: Mapping[str, str] = field(default_factory=dict)
    """The location of each class: `module:Class`."""

    def class_of(self, node_type: str, field_name: str, type_name: str) -> Expression | None:
        """The class of a field's values; None if the project has none for it."""
        if type_name in SERVER_TYPES:
            return None
        home = self.homes.get(f"{node_type}.{field_name}") or self.homes.get(type_name)
        return expression.imported(home) if home else None

    def problems(self) -> Iterator[tuple[str, str]]:
        """The errors in the table, as pairs of key and message."""
        named: dict[str, str] = {}
        for key, home in self.homes.items():
            match = _HOME.fullmatch(home)
            if "." not in key and known_type(key):
                yield key, "is one of InvokeAI's own types; set a class for a single field instead: node_type.field"
            elif match is None or any(map(keyword.iskeyword, match["module"].split("."))):
                yield key, f"{home!r} is not a class; expected module:Class"
            elif misfit := misfit_of_class(match["name"]):
                yield key, f"{match['name']!r} {misfit}; rename the class"
            elif named.setdefault(match["name"], home) != home:
                yield key, f"{home!r} and {named[match['name']]!r} have the same name"

    @property
    def names(self) -> frozenset[str]:
        """The names of the classes."""
        return frozenset(home.partition(":")[2] for home in self.homes.values())
