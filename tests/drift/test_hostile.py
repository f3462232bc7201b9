"""Modules and maps that anyone may have written: each is read or refused in one line, and never run."""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.contract.interface import Interface, InterfaceError, compare, read_map, read_module, write_map
from invokable.contract.module import index_map_checksum
from tests.effort import tries
from tests.examples import MODULES

TEXT = (MODULES / "sd15_text_to_image.py").read_text(encoding="utf-8")
MODULE = read_module(TEXT.encode())
CONSTANTS = [node for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.Constant)]
ODD: list[Any] = [None, True, -1, 1e308, "", "x", b"x", (), 10**400, "\ud800", "\x00"]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


def judged(interface: Interface) -> None:
    """Everything that was read can be compared, reported and written as a map."""
    for drift in (compare(MODULE, interface), compare(interface, MODULE)):
        assert str(drift)
    assert read_map(write_map(interface)) == interface


@settings(deadline=None, max_examples=tries(60))
@given(st.integers(0, len(CONSTANTS) - 1), st.sampled_from(ODD))
def test_a_module_with_another_value_somewhere_is_read_or_refused(position: int, value: Any) -> None:
    tree = ast.parse(TEXT)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)][position]
    found.value = value
    for statement in tree.body:  # so that the checks after the checksum are reached
        match statement:
            case ast.AnnAssign(target=ast.Name(id="INDEX_MAP"), value=ast.expr() as entries):
                made = entries
            case ast.AnnAssign(target=ast.Name(id="INDEX_MAP_CHECKSUM"), value=ast.Constant() as checksum):
                with suppress(TypeError, ValueError):
                    checksum.value = index_map_checksum(ast.literal_eval(made))
    with suppress(InterfaceError):
        judged(read_module(ast.unparse(tree).encode()))


@settings(deadline=None, max_examples=tries(200))
@given(st.data())
def test_a_map_with_another_value_somewhere_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(write_map(MODULE))
    place: Any = document
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    del document["checksum"]
    canonical = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    document["checksum"] = sha256(canonical.encode("ascii")).hexdigest()
    with suppress(InterfaceError):
        judged(read_map(json.dumps(document)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "(" * 5000,
        "x = " + "-" * 20_000 + "1",
        TEXT.replace("Annotated[str, Index(1)]", "Annotated[" + "list[" * 500 + "str" + "]" * 500 + ", Index(1)]"),
        TEXT.replace("INDEX_MAP: Final[tuple[tuple[int, str, str, str], ...]] = (", "INDEX_MAP: Final = 5; _ = ("),
        TEXT.replace("Gt(0)", "Gt(__import__('os').abort())"),
        TEXT.replace("class Result(", "class Answer("),
    ],
)
def test_anything_but_a_module_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        read_module(text.encode())
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
