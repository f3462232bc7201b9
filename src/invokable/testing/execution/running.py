"""One node, run: its required fields, the cache, its implementation, and what it may use."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from PIL import Image

from invokable.schema import Schema
from invokable.testing.execution.cache import InvocationCache, Remembered
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.registry import Step
from invokable.testing.execution.results import shaped
from invokable.testing.execution.services import NodeError, Services

if TYPE_CHECKING:
    from invokable.testing.execution.kinds import NodeKind


class NodeRun:
    """What an implementation gets: the node's fields, images, placeholders, and where results go."""

    def __init__(
        self,
        kind: NodeKind,
        values: Mapping[str, Any],
        *,
        services: Services,
        schema: Schema,
        session_id: str,
        recipes: dict[str, Recipe],
        new_id: Callable[[], str],
    ) -> None:
        self.template = kind.template
        self.values = values
        self.services = services
        self.schema = schema
        self.made: dict[str, Recipe] = {}
        """The recipes of the placeholders that this node made."""
        self._kind = kind
        self._session_id = session_id
        self._recipes = recipes
        self._new_id = new_id
        self._steps: list[Step] = []

    def __getitem__(self, field: str) -> Any:
        return self.values[field]

    def steps(self, cache: InvocationCache | None) -> Generator[Step, None, dict[str, Any]]:
        """Run the node, or recall what an identical one gave. Raises NodeError if it fails."""
        self._kind.check(self.values)
        if cache is None or not self.values.get("use_cache"):
            return (yield from self._invoke())
        key = cache.key(self.values)
        known = cache.get(key)
        if known is None:
            known = Remembered((yield from self._invoke()), self.made)
            cache.save(key, known)
        self._recipes.update(known.recipes)
        return known.output

    def _invoke(self) -> Generator[Step, None, dict[str, Any]]:
        try:
            made = self._kind.implementation(self)
            if isinstance(made, Generator):
                made = yield from self._through(made)
            result = shaped(self.template, made)
        except NodeError:
            raise
        except Exception as error:  # whatever a node raises fails the node, as on the server
            raise NodeError(type(error).__name__, str(error)) from error
        yield from self._reported()
        return result

    def _through(self, steps: Generator[Step, None, dict[str, Any]]) -> Generator[Step, None, dict[str, Any]]:
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                return dict(done.value)
            yield from self._reported()
            yield step

    def _reported(self) -> Generator[Step, None, None]:
        reported, self._steps = self._steps, []
        yield from reported

    # --------------------------------------------------------------- images

    def image(self, field: str, mode: str | None = None) -> Image.Image:
        """Return the image that a field names, in its own mode or another. Not a copy: do not change it."""
        given = self.values[field]
        if given is None:
            raise NodeError("AttributeError", "'NoneType' object has no attribute 'image_name'")
        return self.image_named(given["image_name"], mode)

    def image_named(self, name: str, mode: str | None = None) -> Image.Image:
        """Return an image. Raises NodeError if there is none of this name."""
        try:
            image = self.services.load_image(name)
        except KeyError as error:
            raise NodeError("ImageRecordNotFoundException", "Image record not found") from error
        return image if mode is None or mode == image.mode else image.convert(mode)

    def video(self, field: str) -> bytes:
        """Return the video that a field names. Raises NodeError if there is none of this name."""
        try:
            return self.services.load_video(self.values[field]["video_name"])
        except KeyError as error:
            raise NodeError("VideoRecordNotFoundException", "Video record not found") from error

    def store(self, image: Image.Image) -> dict[str, str]:
        """Store an image with the node's board and metadata, and return the ImageField that names it."""
        self._steps.append(Step("Saving image"))
        return {"image_name": self.services.save_image(image, **self._owner())}

    def save(self, image: Image.Image) -> dict[str, Any]:
        """Store an image and return the fields of an `image_output`."""
        return {"image": self.store(image), "width": image.width, "height": image.height}

    def save_video(self, data: bytes, width: int, height: int) -> dict[str, str]:
        """Store a video and return the VideoField that names it."""
        name = self.services.save_video(data, **self._owner(), width=width, height=height)
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
        """Return what a placeholder stands for; an empty recipe if it is not known."""
        return self._recipes.get(name) or Recipe()
