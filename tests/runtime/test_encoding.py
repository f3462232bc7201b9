"""Encoding: values survive a round trip through JSON."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable import Board, Color, Image, LoRA, Model, StylePreset, Video
from invokable.contract.listing import with_article
from invokable.runtime.values.encoding import from_json, to_json
from invokable.runtime.values.node_output import node_output

words = st.text(min_size=1)
contents: st.SearchStrategy[Any] = st.binary() | st.binary().map(bytearray) | st.binary().map(lambda b: memoryview(b))
channels = st.integers(0, 255)
models = st.builds(Model, name=words, base=st.text(), type=st.text(), key=st.text(), hash=st.text())
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "BoardField": st.builds(Board, id=words) | st.sampled_from(["auto", "none", "a board"]),
    "ColorField": st.builds(Color, r=channels, g=channels, b=channels, a=channels),
    "FloatField": st.floats(allow_nan=False, allow_infinity=False),
    "ImageField": st.builds(Image, words) | contents | words,
    "IntegerField": st.integers(),
    "LoRAField": st.builds(LoRA, models | words, st.floats(-5, 5)),
    "ModelIdentifierField": models | words,
    "StringField": st.text(),
    "StylePresetField": st.builds(StylePreset, words),
    "VideoField": st.builds(Video, words) | contents | words,
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
def test_a_value_is_the_same_after_its_json(kind: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind] | st.lists(VALUES[kind], max_size=3))
    assert from_json(json.loads(json.dumps(to_json(value))), kind) == value


def test_a_path_becomes_text() -> None:
    assert to_json(Path("a") / "b.png") == str(Path("a") / "b.png")


@pytest.mark.parametrize("value", [BytesIO(b"x"), object(), {1, 2}])
def test_a_value_that_cannot_be_stored_is_refused_with_an_alternative(value: object) -> None:
    with pytest.raises(
        TypeError, match=rf"\A{with_article(type(value).__name__)} cannot be stored as JSON; use the path or the bytes"
    ):
        to_json([value])


@pytest.mark.parametrize("made", [Image, Video, StylePreset, lambda name: Board(id=name)])
@pytest.mark.parametrize("name", [1, None, ["a.png"], b"a.png"])
def test_what_is_on_the_server_is_named_by_text(made: Any, name: object) -> None:
    with pytest.raises(ValueError, match="must be a string, not"):
        made(name)


def test_media_in_a_list_are_found_in_an_output() -> None:
    found = node_output(1, "n", {"type": "x", "pages": [{"image_name": "1.png"}, {"video_name": "2.mp4"}]}, None, {})
    assert found.values == {"pages": [Image("1.png"), Video("2.mp4")]}


@pytest.mark.parametrize("key", ["image_name", "video_name"])
def test_an_output_that_names_no_medium_stays_as_it_is(key: str) -> None:
    assert node_output(1, "n", {"type": "x", "found": {key: None}}, None, {}).values == {"found": {key: None}}
