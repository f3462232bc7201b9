"""Images in place of those that a model would generate: a different landscape for each, with the inputs on it."""

from invokable.testing.execution.pictures.card import captioned, labelled
from invokable.testing.execution.pictures.preview import png, preview
from invokable.testing.execution.pictures.scene import scene

__all__ = ["captioned", "labelled", "png", "preview", "scene"]
