"""Modules and maps that anyone may have written: each is read or refused in one line, and never run."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.codegen import Options, plan_document
from invokable.codegen.render import draft_module
from invokable.codegen.written.checksums import body_is_intact
from invokable.codegen.written.existing import MARKER, read_names
from invokable.contract.interface import Interface, InterfaceError, compare, read_map, read_module, write_map
from invokable.contract.module import index_map_checksum
from invokable.schema import load
from tests.codegen.nasty import NASTY
from tests.effort import slow_beyond, tries
from tests.examples import MODULES
from tests.memory import takes_less

TEXT = (MODULES / "sd15_text_to_image.py").read_text(encoding="utf-8")
MODULE = read_module(TEXT.encode())
CONSTANTS = [node for node in ast.walk(ast.parse(TEXT)) if isinstance(node, ast.Constant)]
ODD: list[Any] = [None, True, -1, 1e308, "", "x", b"x", (), 10**400, "\ud800", "\x00"]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


def signed(document: dict[str, Any]) -> str:
    """The text of a map with the checksum that fits."""
    document.pop("checksum", None)
    canonical = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return json.dumps(document | {"checksum": sha256(canonical.encode("ascii")).hexdigest()})


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
    with suppress(InterfaceError):
        judged(read_map(signed(document)))


@pytest.mark.parametrize(
    "annotation", ["|".join(["int"] * 20_000), f"{'-' * 5_000}1", f"int{'.real' * 5_000}", f"Literal[0x{'f' * 5_000}]"]
)
def test_a_map_with_an_annotation_that_nobody_writes_is_refused(annotation: str) -> None:
    document = json.loads(write_map(MODULE))
    document["inputs"][0]["annotation"] = annotation
    with pytest.raises(InterfaceError, match="not in the form of a map file"):
        read_map(signed(document))


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


SIZE = 60_000
ALWAYS = 2_000 * 700  # the syntax tree of a statement that is allowed in a module of any size
WITHIN = "class A(Workflow):\n    a: Annotated[int, Index(0)] = {}\n"
HEAVY = {
    "a sum": ("x: Final = 1{}\n", "+1"),
    "fields of a text": ("x: Final = f'{}'\n", "{a}"),
    "an error at the end": ("{}x: Final = = 1\n", "aaaaaaa: Final = 1\n"),
    "names": "a = 1\n",
    "constants": "a: int = 1\n",
    "attributes": ("class A(Workflow):\n{}", "    a: Annotated[int, Index(0)] = 1\n"),
    "calls": ("x: Final = f({})\n", "a(b),"),
    "calls in a list": ("x: Final = [f({}), 1]\n", "a(b),"),
    "calls in a class": (WITHIN, "a(b)+"),
    "numbers in a table": ("INDEX_MAP: Final = (({}), 1)\n", "1,"),
    "a dictionary": ("NODES: Final = {{{}}}\n", "'a':1,"),
    "indices": ("class A(Workflow):\n    a: Annotated[int, Index({})] = 1\n", "0,"),
    "assignments on a line": ("x: Final = 1{}\n", ";a:b=1"),
    "texts": ("x: Final = {}\n", '"a"'),
    "bases": ("class A({}):\n    pass\n", "a.b,"),
    "decorators": ("{}class A(Workflow):\n    pass\n", "@a\n"),
    "a function": ("def f():\n{}", "    a = 1\n"),
    "an open bracket at the end": ("{}(", "aaaaaaa: Final = 1\n"),
}
"""Texts that are repeated, within others: syntax trees of which take hundreds of times their size, or much time."""


def heavy(name: str) -> bytes:
    found = HEAVY[name]
    whole, repeated = found if isinstance(found, tuple) else ("{}", found)
    checksum = f'BODY_SHA256: Final = "{"1" * 64}"'
    return f"{MARKER}\n{checksum}\n{whole.format(repeated * (SIZE // len(repeated)))}".encode()


@pytest.mark.parametrize("name", slow_beyond(3, HEAVY))
def test_a_heavy_text_is_refused_in_little_memory(name: str) -> None:
    text = heavy(name)

    def read() -> None:
        with suppress(InterfaceError):
            assert not read_module(text)
        assert not read_names(text).inputs
        assert not body_is_intact(text)

    assert takes_less(20 * len(text) + ALWAYS, read)


def test_a_formatted_string_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InterfaceError, match="line 3: the statement contains a formatted string"):
        read_module(heavy("fields of a text"))


def test_more_statements_than_a_module_has_are_refused() -> None:
    text = "a = 1\n" * 10_000
    with pytest.raises(InterfaceError, match="not a generated module: line 4751: more statements than a module of its"):
        read_module(text.encode())


@pytest.mark.parametrize("item", ["{},", "[],", "f(),"])
def test_more_brackets_than_a_module_has_are_refused(item: str) -> None:
    text = f"a = 1\nb = [{item * 30_000}]\n"
    with pytest.raises(InterfaceError, match="not a generated module: line 2: more brackets than a module of its size"):
        read_module(text.encode())


@pytest.mark.parametrize("item", ["1<1,", "a,", "a.b,"])
def test_shorter_items_than_those_of_a_module_are_refused(item: str) -> None:
    with pytest.raises(InterfaceError, match="line 2: a list has shorter items than a module has"):
        read_module(f"a = 1\nb: Final = [{item * 2_000}]\n".encode())


def test_a_text_is_expected_where_a_module_has_json() -> None:
    text = re.sub(r'^_GRAPH: Final = r""".*?"""$', "_GRAPH: Final = 7", TEXT, flags=re.DOTALL | re.MULTILINE)
    assert text != TEXT
    with pytest.raises(InterfaceError, match="_GRAPH is not a text"):
        read_module(text.encode())


@pytest.mark.parametrize("name", slow_beyond(1, ["aliases of one field", "equal labels", "wide attributes", "prompts"]))
def test_a_large_module_is_not_taken_for_a_heavy_text(name: str) -> None:
    make, number = NASTY[name]

    def draft(extent: Any) -> Any:
        plan = plan_document(make(2 * number), load("6.14.2"), source="x.json", options=Options(lenient=True))
        return draft_module(plan, laid_out=extent == "whole", extent=extent)

    text = draft("whole").finished()
    assert body_is_intact(text)
    assert read_module(text) == read_module(draft("interface").unformatted())
