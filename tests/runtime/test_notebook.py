"""Notebooks: a workflow, a result and an image show themselves, safely, and never fail."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
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
    """Gives the same file for every image, or fails."""

    data: bytes = b""
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def download(self, medium: Any, /) -> bytes:
        self.asked.append(medium.name)
        if self.error:
            raise self.error
        return self.data

    def save(self, medium: Any, path: Any, /) -> Path:
        raise AssertionError("showing an image saves nothing")


def png(mode: str = "RGB", side: int = 900) -> bytes:
    written = BytesIO()
    PIL.Image.effect_noise((side, side), 90).convert(mode).save(written, "PNG")
    return written.getvalue()


def picture(owner: Owner, name: str = "a.png") -> Image:
    return Image(name, 900, 900, "n", owner)


class Result(WorkflowResult):
    """Some outputs."""


def test_a_workflow_is_a_table_of_its_inputs() -> None:
    page = Page(ColourCard(stamp="a.png", width=64)._repr_html_())
    assert page.cells[:8] == ["index", "input", "label", "value", "0", "width", "Width", "64"]
    assert page.cells[-4:] == ["8", "board", "Board", "'auto'"]
    assert len(page.cells) == 4 * 10


def test_what_a_workflow_and_its_values_say_is_text() -> None:
    document = example("colour_card.json")
    document["nodes"][0]["data"]["inputs"]["width"]["label"] = HOSTILE
    made = next(value for value in vars(imported(document)).values() if getattr(value, "__name__", "") == "ColourCard")
    page = Page(made(stamp=HOSTILE, board=HOSTILE[:20])._repr_html_())
    assert set(page.tags) == {"table", "caption", "thead", "tbody", "tr", "th", "td", "code"}
    assert HOSTILE in page.cells
    assert repr(HOSTILE[:20]) in page.cells


def test_a_result_shows_small_pictures() -> None:
    owner = Owner(png())
    page = Page(Result(card=picture(owner), text="a <b>", batch_id="b", images=[])._repr_html_())
    assert page.cells[:2] == ["output", "value"]
    assert page.cells[2:] == ["card", "a.png, 900 × 900", "text", "a <b>"]
    (source,) = page.pictures
    kind, _, data = source.partition(";base64,")
    shown = PIL.Image.open(BytesIO(base64.b64decode(data)))
    assert (kind, shown.format, shown.size) == ("data:image/jpeg", "JPEG", (256, 256))
    assert len(source) < 100_000


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "png"), ("P", "png"), ("L", "jpeg"), ("RGB", "jpeg"), ("1", "jpeg")]
)
def test_pictures_of_every_mode_are_shown(mode: str, kind: str) -> None:
    (source,) = Page(picture(Owner(png(mode, 20)))._repr_html_()).pictures
    assert source.startswith(f"data:image/{kind};base64,")


def test_a_list_shows_all_names_and_the_first_pictures() -> None:
    owner = Owner(png(side=10))
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
    page = Page(Result(card=Image("a<b>.png", None, None, None, owner), film=Video("b.mp4"))._repr_html_())
    assert page.pictures == []
    assert "a<b>.png" in page.cells[3]
    assert "b" not in page.tags
    assert page.cells[-1] == "b.mp4"


def test_without_pillow_small_files_are_embedded_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = png(side=20), png()
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert re.search(r'src="data:image/png;base64,([^"]*)"', picture(Owner(small))._repr_html_())
    assert "<img" not in picture(Owner(large))._repr_html_()
    assert "<img" not in picture(Owner(b"<svg onload=x>"))._repr_html_()


def test_nothing_of_it_is_loaded_with_a_module() -> None:
    code = "import generated_examples.colour_card, sys; sys.exit(bool({'PIL', sys.argv[1]} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code, notebook.__name__], check=True, cwd=Path(__file__).parents[2])
