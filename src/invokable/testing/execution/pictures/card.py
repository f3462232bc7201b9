"""The inputs of a generation, written onto its image: as much as fits legibly, the most informative first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from invokable.testing.execution.recipes import Recipe

SMALLEST: Final = 10
"""The smallest legible font size, in pixels."""

_SHADE: Final = (10, 12, 20)
_WHITE: Final = (255, 255, 255)
_SOFT: Final = (222, 226, 236)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: int
    color: tuple[int, int, int]


def labelled(picture: Image.Image, title: str, recipe: Recipe) -> Image.Image:
    """Return an image labelled with its prompt, seed, steps, model and LoRAs, and the node that made it."""
    width, height = picture.size
    margin = max(2, min(width, height) // 28)
    small = max(SMALLEST, min(round(min(width, height * 1.2) / 30), 30))
    room = width - 4 * margin
    lines = _chosen(title, recipe, small, room, int(height * 0.62) - 2 * margin)
    return _written(picture, lines, margin) if lines else picture


def captioned(picture: Image.Image, title: str) -> Image.Image:
    """Return an image with a single line at the top: the node that made it."""
    width, height = picture.size
    size = max(SMALLEST, min(round(min(width, height) / 28), 26))
    margin = max(2, min(width, height) // 40)
    text = _cut(title, size, width - 4 * margin)
    return _written(picture.convert("RGB"), [_Line(text, size, _WHITE)], margin, at_top=True) if text else picture


def _chosen(title: str, recipe: Recipe, small: int, room: int, height: int) -> list[_Line]:
    large = round(small * 1.5)
    seed = [f"seed {recipe.seed}"] if recipe.seed is not None else []
    wide = room > 16 * small
    below = _wrapped(" · ".join([*seed, *_facts(recipe)]), small, room, 2) if wide else _each_cut(seed, small, room)
    names = [recipe.model, *(f"+ {lora}" for lora in recipe.loras)]
    below += _wrapped(" ".join(filter(None, names)), small, room, 2) if wide else []
    head = (
        [_Line(_cut(title.upper(), round(small * 0.8), room), max(SMALLEST, round(small * 0.8)), _SOFT)] if wide else []
    )
    facts = [_Line(text, small, _SOFT) for text in below]
    left = height - sum(_advance(line) for line in facts)
    prompt_lines = max(1 if not facts else 0, min(4, left // _advance(_Line("", large, _WHITE))))
    prompt_size = large if wide else small
    prompt = [_Line(text, prompt_size, _WHITE) for text in _wrapped(recipe.prompt, prompt_size, room, prompt_lines)]
    if sum(map(_advance, [*head, *prompt, *facts])) > height:
        head = []
    lines = [*head, *prompt, *facts]
    while lines and sum(map(_advance, lines)) > height:
        lines.pop()
    return lines


def _facts(recipe: Recipe) -> list[str]:
    known = [
        f"{recipe.steps} steps" if recipe.steps is not None else "",
        f"cfg {recipe.cfg:g}" if recipe.cfg is not None else "",
        recipe.scheduler,
    ]
    return [fact for fact in known if fact]


def _written(picture: Image.Image, lines: list[_Line], margin: int, *, at_top: bool = False) -> Image.Image:
    image = picture.convert("RGB")
    width, height = image.size
    tall = sum(map(_advance, lines)) + 2 * margin
    wide = max(round(_font(line.size).getlength(line.text)) for line in lines) + 2 * margin
    left, top = margin, margin if at_top else height - margin - tall
    _shade(image, (left, top, min(left + wide, width - margin), top + tall), margin)
    draw, y = ImageDraw.Draw(image), top + margin
    for line in lines:
        draw.text((left + margin, y), line.text, fill=line.color, font=_font(line.size))
        y += _advance(line)
    return image


def _shade(image: Image.Image, box: tuple[int, int, int, int], radius: int) -> None:
    size = (max(1, box[2] - box[0]), max(1, box[3] - box[1]))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=150)
    image.paste(_SHADE, box[:2], mask)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _advance(line: _Line) -> int:
    return round(line.size * 1.3)


def _wrapped(text: str, size: int, room: int, limit: int) -> list[str]:
    """Return the text wrapped to a width; the last line ends in an ellipsis if the text is too long."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < limit:
        line = words.pop(0)
        while words and _fits(f"{line} {words[0]}", size, room):
            line += f" {words.pop(0)}"
        if words and len(lines) == limit - 1:
            line = f"{line} {' '.join(words)}"
        lines.append(_cut(line, size, room))
    return lines


def _each_cut(texts: list[str], size: int, room: int) -> list[str]:
    return [
        _cut(text, size, room) if _fits(text, size, room) else _cut(text.rpartition(" ")[2], size, room)
        for text in texts
    ]


def _cut(text: str, size: int, room: int) -> str:
    text = " ".join(text.split())[:400]
    if _fits(text, size, room):
        return text
    while text and not _fits(text + "…", size, room):
        text = text[:-1]
    return text + "…" if text else ""


def _fits(text: str, size: int, room: int) -> bool:
    return _font(size).getlength(text) <= room
