"""Made from: the line that shows whether a module has to be generated again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen import Options, generate_module
from invokable.codegen.plan import Naming
from invokable.codegen.render import draft_module
from invokable.codegen.written.header import is_ours, read_header
from invokable.codegen.written.made_from import digest_of, read_stamp, stamp, unstamped
from invokable.schema import load
from tests.examples import MODULES, example

INPUTS = digest_of({"a": 1})


def stamped(text: str) -> bytes:
    data = bytearray(text.encode())
    stamp(data)
    return bytes(data)


TEXT = stamped(f'"""A module."""\nMADE_FROM: Final = "{unstamped(INPUTS)}"\nx = 1\n')


def test_a_stamp_shows_what_a_module_was_made_from_and_that_it_is_untouched() -> None:
    found = read_stamp(TEXT)
    assert found is not None
    assert (found.inputs, found.untouched) == (INPUTS, True)
    crlf = read_stamp(TEXT.replace(b"\n", b"\r\n"))
    assert crlf == found


@given(st.integers(0, len(TEXT) - 1))
def test_any_change_shows(position: int) -> None:
    touched = bytearray(TEXT)
    touched[position] = ord("~" if TEXT[position] != ord("~") else "-")
    found = read_stamp(touched)
    assert found is None or not found.untouched


def test_any_change_of_a_module_shows_except_for_node_positions_and_the_source_checksum() -> None:
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    (source,) = re.findall(r'^SOURCE_SHA256: Final = \(\n    "(.+)"', text, re.MULTILINE)
    for before, after, untouched in (
        (source, "0" * 64, True),
        ('"position":{"x":', '"position":{"x":1', True),
        ('"height":', '"width":', False),
        ("Colour Card", "Color Card", False),
        ('BODY_SHA256: Final = "', 'BODY_SHA256: Final = "0', False),
        ("INDEX_MAP_CHECKSUM: Final", "INDEX_MAP_CHECKSUM", False),
    ):
        assert before in text
        found = read_stamp(text.replace(before, after, 1).encode())
        assert found
        assert found.untouched is untouched, before


def test_text_of_a_workflow_is_not_taken_for_a_position() -> None:
    document = example("colour_card.json")
    document["description"] = '"position":{"x":1,"y":2}'
    text = generate_module(document, load("6.14.2"), source="a.json").text
    found = read_stamp(text.replace('"position":{"x":1,"y":2}', '"position":{"x":3,"y":4}', 1).encode())
    assert found
    assert not found.untouched


def test_a_formatter_of_other_habits_leaves_the_line_readable() -> None:
    value = unstamped(INPUTS)
    for line in (f"MADE_FROM: Final = '{value}'", f'MADE_FROM: Final = (\n    "{value}"\n)'):
        found = read_stamp(f"\n{line}\n".encode())
        assert found is not None
        assert (found.inputs, found.untouched) == (INPUTS, False)


@pytest.mark.parametrize("text", ["", "x = 1\n", "MADE_FROM: Final = 3\n", "\nMADE_FROM: Final = '0-0'\n"])
def test_a_module_without_the_line_has_no_stamp(text: str) -> None:
    assert read_stamp(text.encode()) is None
    assert stamped(text) == text.encode()


def test_words_of_a_workflow_do_not_pass_for_the_lines_of_its_module() -> None:
    document = example("colour_card.json")
    lie = unstamped("f" * 32)
    words = f'MADE_FROM: Final = "{lie}"\n\nSOURCE: Final = "other.json"\n\nSCHEMA: Final = "1.0.0"'
    document["description"] = document["name"] = words
    module = generate_module(
        document, load("6.14.2"), source="mine.json", options=Options(naming=Naming(class_name="A"))
    )
    text = draft_module(module.plan, made_from=INPUTS).finished()
    header = read_header(text)
    assert (header.source, header.schema, header.class_name) == ("mine.json", "6.14.2", "A")
    assert header.stamp
    assert (header.stamp.inputs, header.stamp.untouched) == (INPUTS, True)
    assert is_ours(text, header)
    edited = text.replace(b"= 320", b"= 321")
    assert not is_ours(edited, read_header(edited))


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_the_order_of_the_parts_does_not_matter(parts: dict[str, object]) -> None:
    assert digest_of(parts) == digest_of(dict(reversed(parts.items())))
    assert digest_of(parts) != digest_of({**parts, "more": 1})
