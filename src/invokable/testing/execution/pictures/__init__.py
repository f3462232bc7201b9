"""Pictures that stand for what a model would paint: a landscape of its own for each generation, and what went in."""

from invokable.testing.execution.pictures.card import captioned, labelled
from invokable.testing.execution.pictures.preview import png, preview
from invokable.testing.execution.pictures.scene import scene

__all__ = ["captioned", "labelled", "png", "preview", "scene"]
