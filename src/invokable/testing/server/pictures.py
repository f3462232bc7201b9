"""PNG files like the server's, and thumbnails. Pillow is loaded on first use."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from invokable.contract.limits import Limits
from invokable.contract.vocabulary import PNG_PREFIX
from invokable.testing.server import checks
from invokable.testing.server.problems import Broken, Refusal, missing

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydantic_core import CoreSchema

_THUMBNAIL: Final = (256, 256)
_TOO_LARGE: Final = 4096 * 4096
_SIZE: Final = checks.record("Size", dict.fromkeys(("width", "height"), checks.integer(Limits(exclusive_minimum=0))))
_TEXTS: Final = ("metadata", "workflow", "graph")


def encode(image: Image, texts: Mapping[str, str | None]) -> bytes:
    """The PNG file of an image, with text chunks such as `metadata` and `graph`. Raises Refusal."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for name in _TEXTS:
        if (text := texts.get(name)) is not None:
            info.add_text(f"{PNG_PREFIX}{name}", text)
    buffer = io.BytesIO()
    try:
        image.save(buffer, "PNG", pnginfo=info, compress_level=1)
    except OSError:  # for one that is not in RGB or gray, such as CMYK
        raise Refusal(500, "Failed to create image") from None
    return buffer.getvalue()


def decode(content: bytes) -> Image:
    """The image in a file of any format. Raises Refusal."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(content))
    except Exception:
        raise Refusal(415, "Failed to read image") from None
    try:
        image.load()
    except Exception:
        raise Refusal(500, "Failed to create image") from None
    return image


def thumbnail(content: bytes) -> bytes:
    """A WebP file of at most 256 pixels per side."""
    from PIL import Image

    image = Image.open(io.BytesIO(content))
    image.thumbnail(_THUMBNAIL)
    buffer = io.BytesIO()
    image.convert("RGBA" if image.has_transparency_data else "RGB").save(buffer, "WEBP")
    return buffer.getvalue()


def small(content: bytes, content_type: str) -> bytes:
    """The thumbnail of an uploaded file. Raises Refusal."""
    if not content_type.startswith("image"):
        raise Refusal(415, "Not an image")
    decode(content)
    return thumbnail(content)


def embedded(image: Image, schemas: Mapping[str, CoreSchema]) -> dict[str, str | None]:
    """The metadata, workflow and graph in an uploaded file. Those that do not fit their schemas are dropped."""
    texts: dict[str, str | None] = {}
    for name in _TEXTS:
        text = image.info.get(f"{PNG_PREFIX}{name}")
        texts[name] = text if isinstance(text, str) and _fits(text, schemas.get(name, checks.ANYTHING)) else None
    return texts


def _fits(text: str, schema: CoreSchema) -> bool:
    try:
        return _is_object(text) and not checks.take(schema, json.loads(text), ())[1]
    except Broken:
        return False


def metadata_text(text: str | None) -> str | None:
    """The metadata of an upload; anything but a JSON object is silently dropped."""
    return text if text is not None and _is_object(text) else None


def resized(image: Image, wanted: str | None) -> Image:
    """The image in the size requested by an upload. Raises Refusal."""
    if not wanted:
        return image
    try:
        size, details = checks.take(_SIZE, json.loads(wanted), ())
    except ValueError:
        size, details = {}, [missing(())]
    if details or size["width"] * size["height"] > _TOO_LARGE:
        raise Refusal(400, "Invalid resize_to format or size")
    return image.resize((size["width"], size["height"]))


def cropped(image: Image) -> Image:
    """The image without its transparent border."""
    return image.crop(image.getbbox())


def _is_object(text: str) -> bool:
    try:
        value: Any = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict)
