"""The recipe of a placeholder: the facts about a generation, passed from node to node.

Latents, conditionings and masks are names of tensors on a real server. Here each name has a
recipe: its inputs so far, which the final image shows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from PIL import Image


@dataclass(frozen=True, slots=True)
class Recipe:
    """The known facts about a generation; unknown ones are None or empty."""

    width: int | None = None
    """In pixels, even for latents."""
    height: int | None = None
    frames: int | None = None
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    scheduler: str = ""
    model: str = ""
    loras: tuple[str, ...] = ()
    image: Image.Image | None = None
    """The image that a node encoded, or the mask that it made."""
    trail: str = ""
    """A digest of all inputs, to distinguish similar recipes."""

    def over(self, other: Recipe) -> Recipe:
        """Return these facts, completed with the other's."""
        missing = {
            field.name: getattr(other, field.name) for field in fields(self) if _empty(getattr(self, field.name))
        }
        joined = tuple(dict.fromkeys((*self.loras, *other.loras)))
        return replace(self, **{**missing, "loras": joined})


def _empty(value: object) -> bool:
    return value is None or value in ("", ())
