"""Encoders: any text evaluates to the same text, and to nothing else."""

import ast
import io
import json
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen.python import code

any_text = st.text(st.characters(exclude_categories=()))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda children: st.lists(children) | st.dictionaries(any_text, children),
    max_leaves=12,
)
HOSTILE = [
    'a"b',
    "a'b",
    "\\",
    "\\\\" + '"',
    '"""',
    "'''",
    '"""; import os; os.system("x")',
    "\n# coding: utf-7",
    "\r",
    "\x00",
    "\x0b\x0c\x1c\x85\u2028\u2029",
    "\u202e\u2066",
    "\ufeff",
    "\ud800",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "# type: ignore",
    "𝐢𝐟",
]


@given(json_values)
def test_a_literal_evaluates_to_the_value(value: object) -> None:
    assert ast.literal_eval(code.literal(value)) == value


@given(any_text)
def test_a_literal_is_one_line_of_printable_text(text: str) -> None:
    written = code.literal(text)
    assert len(written.splitlines()) == 1
    assert written.encode("utf-8").decode("utf-8") == written


@given(any_text)
def test_a_long_text_is_split_and_stays_the_same(text: str) -> None:
    assert ast.literal_eval(code.text_literal(text * 9)) == text * 9


def test_a_long_text_breaks_at_spaces_and_line_ends() -> None:
    written = code.text_literal("first line\n" + "word " * 20)
    assert all(len(line) < 80 for line in written.splitlines())
    assert written.splitlines()[1] == '"first line\\n"'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_only_json_values_have_literals(value: object) -> None:
    with pytest.raises(TypeError):
        code.literal(value)


@given(st.lists(any_text, max_size=3), st.integers(0, 8))
def test_a_docstring_is_one_string_and_nothing_else(paragraphs: list[str], indent: int) -> None:
    source = code.docstring(paragraphs, indent=indent)
    (statement,) = ast.parse(f"def f():\n{' ' * indent} {source}\n").body[0].body  # type: ignore[attr-defined]
    assert isinstance(statement.value, ast.Constant)
    assert isinstance(statement.value.value, str)
    assert "".join(statement.value.value.split()) == "".join(word for text in paragraphs for word in text.split())


def test_links_and_images_in_an_author_s_text_do_not_survive() -> None:
    written = code.docstring(["see [this](https://x) and ![that](https://x/y.png)"], width=200)
    assert written == '"""see [this] (https://x) and ![that] (https://x/y.png)"""'


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_comment_and_no_second_statement(text: str) -> None:
    for source in (
        code.literal(text),
        code.docstring([text, f"{text} {text}"]),
        code.text_literal(text * 40),
    ):
        tree = ast.parse(source)
        assert len(tree.body) == 1
        kinds = [token.type for token in tokenize.tokenize(io.BytesIO(source.encode()).readline)]
        assert tokenize.COMMENT not in kinds


def test_quotes_at_the_ends_of_a_docstring_are_escaped() -> None:
    assert code.docstring(['"Fox" and "hare"']) == '"""\\"Fox" and "hare\\""""'
    assert code.docstring(['"']) == '"""\\""""'
    assert code.docstring(["A fox.", 'Of "Foxes"']) == '"""A fox.\n\nOf "Foxes"\n"""'


def test_a_docstring_fills_prose_and_the_items_of_lists() -> None:
    items = [code.ListItem("Size"), code.ListItem("0 `width`: " + "word " * 12, 1), code.ListItem("1 `height`")]
    written = code.docstring(["word " * 30, *items], indent=4, width=60)
    assert max(map(len, written.splitlines())) <= 60
    assert written.endswith(
        "- Size\n"
        "      - 0 `width`: word word word word word word word word\n"
        "        word word word word\n"
        "    - 1 `height`\n"
        '    """'
    )


@given(st.dictionaries(any_text, json_values), st.lists(json_values))
def test_json_text_holds_the_value_in_a_raw_string(nodes: dict[str, object], edges: list[object]) -> None:
    value = {"nodes": nodes, "edges": edges, "id": "x"}
    source = code.json_text(value, lines=("nodes", "edges"))
    assert json.loads(ast.literal_eval(source.decode())) == value


def test_json_text_puts_each_node_on_a_line() -> None:
    written = code.json_text({"nodes": {"a": {"x": [1]}, "b": {}}, "edges": []}, lines=("nodes", "edges"))
    assert written.decode().splitlines() == [
        'r"""{',
        '"nodes": {',
        '"a": {"x": [1]},',
        '"b": {}',
        "},",
        '"edges": []',
        '}"""',
    ]


@pytest.mark.parametrize("name", ["a b", "class", "1st", "", "x;y", "None"])
def test_anything_but_an_identifier_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="identifier"):
        code.identifier(name)


@pytest.mark.parametrize("mark", ["-", "*", "+", ">", "#", "###", "---", "==", "81.", "2)"])
def test_wrapping_puts_no_markdown_mark_at_the_start_of_a_line(mark: str) -> None:
    for width in range(20, 40):
        written = code.docstring([f"Feeds the image of Reference Image {mark} Wan 2.2"], width=width)
        assert not [line for line in written.strip('"').split("\n") if line.startswith(mark)]
        assert f"Image {mark}" in written
    assert code.docstring([f"{mark} mine"]).startswith(f'"""{mark} mine')
