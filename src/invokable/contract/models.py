"""Models: which ones a field takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Which models a field takes. An empty tuple admits every one."""

    base: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    format: tuple[str, ...] = ()

    def admits(self, model: Mapping[str, object]) -> bool:
        """Whether a field with this filter takes a model, given as the server lists it.

        A model without a variant or a format fits any of them.
        """
        return (
            (not self.base or model.get("base") in self.base)
            and (not self.type or model.get("type") in self.type)
            and (not self.variant or (model.get("variant") or None) in (None, *self.variant))
            and (not self.format or (model.get("format") or None) in (None, *self.format))
        )


ANY_MODEL: Final = ModelFilter()
