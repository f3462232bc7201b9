"""Node run: what the implementation of a node gets, and what it reports while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from invokable.schema import NodeTemplate, Schema
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.services import NodeError, Services


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a running node; `percentage` is 0 to 1, `image` a PNG file."""

    message: str
    percentage: float | None = None
    image: bytes | None = None


Fields = dict[str, Any]
"""The fields of a node's output, without its type."""


class NodeRun:
    """The argument of an implementation: the node's fields, images, placeholders, and storage for results."""

    def __init__(
        self,
        template: NodeTemplate,
        values: Mapping[str, Any],
        *,
        services: Services,
        schema: Schema,
        session_id: str,
        recipes: dict[str, Recipe],
        new_id: Callable[[], str],
    ) -> None:
        self.template = template
        self.values = values
        self.services = services
        self.schema = schema
        self.made: dict[str, Recipe] = {}
        """The recipes of the placeholders that this node made."""
        self._session_id = session_id
        self._recipes = recipes
        self._new_id = new_id
        self._steps: list[Step] = []

    def __getitem__(self, field: str) -> Any:
        return self.values[field]

    def reported(self) -> list[Step]:
        """Take what the node reported since this was asked last."""
        reported, self._steps = self._steps, []
        return reported

    # --------------------------------------------------------------- images

    def image(self, field: str, mode: str | None = None) -> Image.Image:
        """Return the image in a field, in its own mode or another. Not a copy: do not modify it."""
        given = self.values[field]
        if given is None:
            raise NodeError("AttributeError", "'NoneType' object has no attribute 'image_name'")
        return self.image_named(given["image_name"], mode)

    def image_named(self, name: str, mode: str | None = None) -> Image.Image:
        """Return an image by name. Raises NodeError if there is none."""
        try:
            image = self.services.load_image(name)
        except KeyError as error:
            raise NodeError("ImageRecordNotFoundException", "Image record not found") from error
        return image if mode is None or mode == image.mode else image.convert(mode)

    def video(self, field: str) -> bytes:
        """Return the video in a field. Raises NodeError if there is none."""
        try:
            return self.services.load_video(self.values[field]["video_name"])
        except KeyError as error:
            raise NodeError("VideoRecordNotFoundException", "Video record not found") from error

    def store(self, image: Image.Image) -> dict[str, str]:
        """Store an image with the node's board and metadata, and return its ImageField."""
        self._steps.append(Step("Saving image"))
        return {"image_name": self.services.save_image(image, **self._owner())}

    def save(self, image: Image.Image) -> dict[str, Any]:
        """Store an image and return the fields of an `image_output`."""
        return {"image": self.store(image), "width": image.width, "height": image.height}

    def save_video(self, data: bytes) -> dict[str, str]:
        """Store a video and return its VideoField."""
        name = self.services.save_video(data, **self._owner())
        return {"video_name": name}

    def _owner(self) -> dict[str, Any]:
        board = self.values.get("board")
        return {
            "node_id": self.values["id"],
            "session_id": self._session_id,
            "is_intermediate": bool(self.values["is_intermediate"]),
            "board_id": board["board_id"] if isinstance(board, Mapping) else None,
            "metadata": self.values.get("metadata"),
        }

    # --------------------------------------------------------- placeholders

    def keep(self, kind: str, recipe: Recipe) -> str:
        """Return a new name for a placeholder: `Tensor_…` or `ConditioningFieldData_…`."""
        name = f"{kind}_{self._new_id()}"
        self._recipes[name] = self.made[name] = recipe
        return name

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of a placeholder; an empty one if it is unknown."""
        return self._recipes.get(name) or Recipe()

    def recall(self, recipes: Mapping[str, Recipe]) -> None:
        """Restore the placeholders that an identical node made."""
        self._recipes.update(recipes)
