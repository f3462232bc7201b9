"""Notebooks: workflows, results and images are displayed safely, and displaying never fails."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from generated_examples.colour_card import ColourCard

from invokable import APIError, Image, Video, WorkflowResult
from invokable.runtime.values import notebook
from invokable.runtime.values.media import bound
from tests.examples import example, imported

HOSTILE = '<script>alert("x")</script>&\'"'


class Page(HTMLParser):
    """The texts of the cells, the tags, and the attributes of pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.pictures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        if tag == "img":
            self.pictures.append(dict(attrs)["src"] or "")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


@dataclass
class Owner:
    """Returns the same file for every image, or fails."""

    data: bytes = b""
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def thumbnail(self, medium: Any, /) -> bytes:
        self.asked.append(medium.name)
        if self.error:
            raise self.error
        return self.data

    def download(self, medium: Any, /) -> bytes:
        raise AssertionError("displaying an image must only download its thumbnail")

    def save(self, medium: Any, path: Any, /) -> Path:
        raise AssertionError("displaying an image must not save it")


def thumbnail(kind: str = "WEBP", side: int = 256) -> bytes:
    written = BytesIO()
    PIL.Image.effect_noise((side, side), 90).convert("RGB").save(written, kind)
    return written.getvalue()


def picture(owner: Owner, name: str = "a.png") -> Image:
    return bound(Image(name, 900, 900, "n"), owner)


class Result(WorkflowResult):
    """Some outputs."""


def test_a_workflow_is_a_table_of_its_inputs() -> None:
    page = Page(ColourCard(stamp="a.png", width=64)._repr_html_())
    assert page.cells[:8] == ["index", "input", "label", "value", "0", "width", "Width", "64"]
    assert page.cells[-4:] == ["8", "board", "Board", "'auto'"]
    assert len(page.cells) == 4 * 10


def test_everything_in_a_workflow_is_escaped() -> None:
    document = example("colour_card.json")
    document["nodes"][0]["data"]["inputs"]["width"]["label"] = HOSTILE
    made = next(value for value in vars(imported(document)).values() if getattr(value, "__name__", "") == "ColourCard")
    page = Page(made(stamp=HOSTILE, board=HOSTILE[:20])._repr_html_())
    assert set(page.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td", "code"}
    assert HOSTILE in page.cells
    assert repr(HOSTILE[:20]) in page.cells


def test_a_result_shows_thumbnails() -> None:
    owner = Owner(thumbnail())
    page = Page(Result(card=picture(owner), text="a <b>", batch_id="b", images=[])._repr_html_())
    assert page.cells[:2] == ["output", "value"]
    assert page.cells[2:] == ["card", "a.png, 900 × 900", "text", "a <b>"]
    (source,) = page.pictures
    kind, _, data = source.partition(";base64,")
    shown = PIL.Image.open(BytesIO(base64.b64decode(data)))
    assert (kind, shown.format, shown.size) == ("data:image/webp", "WEBP", (256, 256))
    assert len(source) < 100_000


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_in_formats_that_browsers_display_are_embedded(kind: str) -> None:
    (source,) = Page(picture(Owner(thumbnail(kind, 20)))._repr_html_()).pictures
    assert source.startswith(f"data:image/{kind.lower()};base64,")


def test_a_video_shows_its_thumbnail() -> None:
    (source,) = Page(bound(Video("b.mp4"), Owner(thumbnail()))._repr_html_()).pictures
    assert source.startswith("data:image/webp;base64,")


@pytest.mark.parametrize("make", [lambda: b"<svg onload=x>", lambda: thumbnail("PNG", 900)], ids=["svg", "large"])
def test_anything_but_a_thumbnail_is_not_embedded(make: Callable[[], bytes]) -> None:
    assert "<img" not in picture(Owner(make()))._repr_html_()


def test_a_list_shows_all_names_and_the_first_pictures() -> None:
    owner = Owner(thumbnail(side=10))
    page = Page(Result(cards=[picture(owner, f"{number}.png") for number in range(20)], tiles=[])._repr_html_())
    assert len(page.pictures) == len(owner.asked) == 12
    assert "19.png" in page.cells[3]
    assert page.cells[-1] == "none"


@pytest.mark.parametrize(
    "owner",
    [Owner(error=APIError(404, "gone <b>")), Owner(b"no picture"), Owner(b""), None],
    ids=["an error", "not an image", "empty", "without a client"],
)
def test_an_image_that_cannot_be_shown_is_named(owner: Owner | None) -> None:
    page = Page(Result(card=bound(Image("a<b>.png"), owner), film=Video("b.mp4"))._repr_html_())
    assert page.pictures == []
    assert "a<b>.png" in page.cells[3]
    assert "b" not in page.tags
    assert page.cells[-1].endswith("b.mp4")


def test_without_a_client_it_says_how_to_show_a_picture() -> None:
    assert "client.show" in Image("a.png")._repr_html_()


def test_importing_a_module_does_not_load_it() -> None:
    code = "import generated_examples.colour_card, sys; sys.exit(bool({'PIL', sys.argv[1]} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code, notebook.__name__], check=True, cwd=Path(__file__).parents[2])
