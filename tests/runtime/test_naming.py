"""Naming: with any pattern and any names from servers and workflows, every file stays in its folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable import Image, Video, WorkflowResult
from invokable.runtime.client.naming import named, paths, reserve

HOSTILE = ["../../etc/passwd", "..", "CON", "a/b\\c", "\x00", "", ".hidden", "nul.png", "x" * 500, "a:b", "ä", " "]


def of(*media: Image | Video, pattern: str = "{name}") -> list[str]:
    return [path.relative_to("out").as_posix() for path in paths(named(media), "out", pattern)]


def result() -> WorkflowResult:
    tiles = [Image("t1.png", 8, 6, "n2"), Image("t2.png", 8, 6, "n2")]
    return WorkflowResult(
        card=Image("c.png", 64, 32, "n1"),
        tiles=tiles,
        clip=Video("v.mp4"),
        text="x",
        images=[*tiles],
        videos=[],
        item_ids=[1],
        batch_id="b-1",
    )


def test_files_of_a_result_are_named_after_its_outputs() -> None:
    found = paths(named(result()), "out", "{batch_id}/{attribute}-{index:03}")
    assert [path.as_posix() for path in found] == [
        *("out/b-1/card-000.png", "out/b-1/tiles-000.png", "out/b-1/tiles-001.png", "out/b-1/clip-000.mp4"),
    ]


def test_the_values_of_the_fields() -> None:
    image = Image("c.png", 64, 32, "n1")
    assert of(image, pattern="{name} {node_id} {width}x{height} {attribute}{index:2}") == ["c n1 64x32 image_0.png"]
    assert of(Image("c.png"), pattern="{width}-{node_id}") == ["_-_.png"]


def test_a_suffix_is_not_repeated() -> None:
    assert of(Image("c.png"), pattern="{name}.png") == ["c.png"]
    assert of(Image("c"), Video("v.PNG"), pattern="{name}") == ["c.png", "v.mp4"]


def test_files_with_the_same_name_get_numbers() -> None:
    assert of(Image("a.png"), Image("b.png"), Image("c.png"), pattern="x") == ["x.png", "x-2.png", "x-3.png"]
    assert of(Image("A.png"), Image("a.png")) == ["A.png", "a-2.png"]  # the same file if the file system ignores case


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{seed}", "unknown field {seed} in the pattern '{seed}'; known: attribute, batch_id"),
        ("{name.__class__}", "unknown field"),
        ("{0}", "unknown field"),
        ("{}", "unknown field"),
        ("{name!r}", "expected a width"),
        ("{index:>{width}}", "expected a width"),
        ("{name:1000}", "expected a width"),
        ("{name", "braces"),
        ("../{name}", "outside the folder"),
        ("a/../../{name}", "outside the folder"),
        ("..\\{name}", "outside the folder"),
        ("/etc/{name}", "is not a file name"),
        ("{name}/", "is not a file name"),
        ("", "is not a file name"),
    ],
)
def test_an_invalid_pattern_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{")):
        of(Image("a.png"), pattern=pattern)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    (path,) = of(Image(name, node_id=name), pattern="{node_id}/{name}")
    assert len(Path(path).parts) == 2
    assert path.endswith(".png")


@given(
    st.lists(st.tuples(st.text(), st.text()), max_size=5), st.sampled_from(["{name}", "{node_id}/{name}", "x{name}"])
)
def test_every_file_has_its_own_path_below_the_folder(names: list[tuple[str, str]], pattern: str) -> None:
    found = of(*(Image(name, node_id=node) for name, node in names), pattern=pattern)
    assert len({path.casefold() for path in found}) == len(names)
    for path in found:
        assert os.path.normpath(path) == path
        assert all(part not in ("", ".", "..") and not part.startswith(".") for part in path.split("/"))
        assert all(len(os.fsencode(part)) < 255 for part in path.split("/"))
        assert not set(path) & set('\x00\n\\:*?"<>|')


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.png"
    assert reserve(path) == path
    assert [reserve(path).name, reserve(path).name] == ["a-2.png", "a-3.png"]
