"""What a placeholder stands for: the facts of a generation, carried from node to node.

Latents, conditionings and masks are names of tensors on a real server. Here each name has a
recipe: what went into it so far, which is what the picture at the end shows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from PIL import Image


@dataclass(frozen=True, slots=True)
class Recipe:
    """The facts known of a generation; None and empty where nothing is known yet."""

    width: int | None = None
    """In pixels, also of latents."""
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
    """The picture that a node encoded, or the mask that it made."""
    trail: str = ""
    """A digest of everything that went in, to tell apart what looks alike."""

    def over(self, other: Recipe) -> Recipe:
        """Return these facts, completed by the other's where they say nothing."""
        missing = {
            field.name: getattr(other, field.name) for field in fields(self) if _empty(getattr(self, field.name))
        }
        joined = tuple(dict.fromkeys((*self.loras, *other.loras)))
        return replace(self, **{**missing, "loras": joined})


def _empty(value: object) -> bool:
    return value is None or value in ("", ())
