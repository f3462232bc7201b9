"""Meaning: a module's checksum does not change with formatting, and changes with every edit."""

from __future__ import annotations

import ast
import json
import re
import tokenize
import warnings
from io import StringIO

import black
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from invokable.codegen.python import meaning
from invokable.codegen.python.meaning import meaning_checksum
from tests.codegen import nasty
from tests.codegen.test_every_field import everything
from tests.effort import slow_beyond, tries
from tests.examples import MODULES
from tests.memory import takes_less

CARD = (MODULES / "colour_card.py").read_text(encoding="utf-8")
NOTHING = re.compile("(?!)")


def said(text: str) -> str | None:
    return meaning_checksum(text.encode(), without=bytes, silent=NOTHING)


def in_black(text: str, length: int, comma: bool) -> str:
    return black.format_str(text, mode=black.Mode(line_length=length, magic_trailing_comma=comma))


@settings(max_examples=tries(15), deadline=None)
@given(st.integers(1, 400), st.booleans())
def test_no_layout_of_black_is_an_edit(length: int, comma: bool) -> None:
    text = CARD.partition("_GRAPH: Final")[0]
    assert said(in_black(text, length, comma)) == said(text) is not None


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 60, 100, 400])
def test_no_layout_of_every_field_is_an_edit(length: int) -> None:
    text = nasty.generated(everything(values=True))
    assert said(in_black(text, length, True)) == said(text) is not None


TOKENS = [
    token
    for token in tokenize.generate_tokens(StringIO(CARD).readline)
    if token.type in (tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.COMMENT)
]
LINES = CARD.splitlines(keepends=True)
STARTS = [0]
for line in LINES:
    STARTS.append(STARTS[-1] + len(line))


@settings(max_examples=tries(200), deadline=None)
@given(st.sampled_from(TOKENS), st.data())
def test_every_edit_of_a_word_is_an_edit(token: tokenize.TokenInfo, data: st.DataObject) -> None:
    position = STARTS[token.start[0] - 1] + token.start[1]
    where = position + data.draw(st.integers(0, len(token.string) - 1))
    letter = data.draw(st.sampled_from("aZ7_-\\\"' #"))
    edited = data.draw(
        st.sampled_from([CARD[:where] + letter + CARD[where:], CARD[:where] + letter + CARD[where + 1 :]])
    )
    assume(_parts(edited) != _parts(CARD))
    assert said(edited) != said(CARD)


def _parts(text: str) -> object:
    """The meaning of a text, by the standard library alone; unique if it is not Python."""
    try:
        comments = [
            t.string.rstrip() for t in tokenize.generate_tokens(StringIO(text).readline) if t.type == tokenize.COMMENT
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, tokenize.TokenError, ValueError):
        return object()
    for found in ast.walk(tree):
        if isinstance(found, ast.Expr) and isinstance(found.value, ast.Constant) and isinstance(found.value.value, str):
            found.value.value = "\n".join(line.strip() for line in found.value.value.strip().split("\n"))
    return ast.dump(tree), comments


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\ny = 2\n", "y = 2\nx = 1\n"),
        ("class A:\n    x = 1\n    y = 2\n", "class A:\n    x = 1\ny = 2\n"),
        (
            "class A:\n    class B:\n        x = 1\n    y = 2\n",
            "class A:\n    class B:\n        x = 1\n        y = 2\n",
        ),
        ("class A:\n    x = 1\n", "@final\nclass A:\n    x = 1\n"),
        ("x = (1)\n", "x = (1,)\n"),
        ("x = 1\n", "x = 1.0\n"),
        ("x = 1\n", "x = True\n"),
        ("x = '1'\n", "x = 1\n"),
        ("x = 'a', 'b'\n", "x = 'a' 'b'\n"),
        ("x: L['a', 'b']\n", "x: L['a b']\n"),
        ("x = f(a, b=1)\n", "x = f(a, c=1)\n"),
        ("x = {'a': 1, **b}\n", "x = {'a': 1, 'b': b}\n"),
        ("x = [1, 2]\n", "x = {1, 2}\n"),
        ('"""a\n  b"""\n', '"""a\n\n  b"""\n'),
        ('class A:\n    """a\n      b\n    c"""\n', 'class A:\n    """a\n    b\n    c"""\n'),
        ("x = 1  # why\n", "x = 1\n"),
        ("# a\n# b\n", "# b\n# a\n"),
        ("if a:\n    x = 1\nelse:\n    x = 2\n", "if a:\n    x = 1\nx = 2\n"),
    ],
)
def test_what_differs_in_meaning_differs(before: str, after: str) -> None:
    assert said(before) is not None
    assert said(after) not in (None, said(before))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 'a'\n", 'x = (\n    "a"\n)\n'),
        ("x = [1, 2]\n", "x = [\n    1,\n    2,\n]\n"),
        ("x = 'a' 'b'\n", "x = 'ab'\n"),
        ("x = 0XAB\n", "x = 0xab\n"),
        ('def f():\n  """a\n  b"""\n  return (1)\n', 'def f():\n    """a\n    b\n    """\n    return 1\n'),
        ("if TYPE_CHECKING:\n  x = 1\n  # why\n", "if TYPE_CHECKING:\n\n    x = 1\n\n# why\n"),
        (
            "class A(B, C): # why\n  x: int = 1; y = 2\n",
            "class A(\n    B,\n    C,\n):  # why\n\n    x: int = 1\n    y = 2\n",
        ),
        ("@a\n@b(1)\nclass A:\n    x = 1\n", "@a\n@b(\n    1\n)\nclass A:\n\n    x = 1\n"),
        ("try:\n  a = 1\nfinally:\n  b = 2\n", "try:\n    a = 1\nfinally:\n    b = 2\n"),
    ],
)
def test_what_differs_in_layout_only_does_not(before: str, after: str) -> None:
    assert said(before) is not None
    assert said(after) == said(before)


@pytest.mark.parametrize(
    "text",
    [
        "x = (",
        "x = )",
        'x = """a',
        "x = 'a\n'",
        " x = 1",
        "class A:\n",
        "if x:\npass\n",
        "x = 1\n  y = 2\n",
        "\x00",
        "x =",
    ],
)
def test_text_that_is_not_python_has_no_meaning(text: str) -> None:
    assert said(text) is None


scalar = st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=8))
json_values = st.recursive(
    scalar,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=5), inner), st.tuples(inner, inner)),
    max_leaves=30,
)


@settings(max_examples=tries(100), deadline=None)
@given(
    json_values, st.sampled_from(["{}", "f({})", "f(a, b={}, c={})", "L[{}]", "({},)", "{{**{}}}"]), st.integers(5, 60)
)
def test_long_parts_mean_the_same_when_split(value: object, form: str, long: int) -> None:
    text = f"x: L['a, b', ('c')] = {form.format(repr(value), repr(value))}\n"
    text = black.format_str(text, mode=black.Mode())
    whole = said(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meaning, "LONG", long)
        patch.setattr("invokable.contract.statements.LONG", long)
        assert said(text) == whole


@pytest.mark.parametrize(
    "text",
    [
        "x = [(a, b) for a, b in z]\n",
        "x = (lambda a, b: a, 1)\n",
        "x = {a: b for a, b in z}\n",
        "from a import (b, c)\n",
    ],
)
def test_commas_that_separate_no_items_do_no_harm(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = said(text)
    monkeypatch.setattr(meaning, "LONG", 5)
    monkeypatch.setattr("invokable.contract.statements.LONG", 5)
    assert said(text) == whole is not None


@pytest.mark.parametrize("name", slow_beyond(3, ["deep containers", "dropdowns", "empty objects", "equal labels"]))
def test_memory_stays_within_bounds_for_the_size(name: str) -> None:
    make, number = nasty.NASTY[name]
    text = nasty.generated(make(number // 2))
    data = text.encode()
    said("")
    assert takes_less(8 * len(text) + 200_000, lambda: meaning_checksum(data, without=bytes, silent=NOTHING))


def test_a_json_text_with_every_odd_letter_is_read_to_its_end() -> None:
    text = json.dumps(['"""', "'''", "\\", "\\\\", '\\"', "#", "(", "\u2028"])
    assert said(f'x = r"""{text}"""\ny = 1\n') not in (None, said(f'x = r"""{text}"""\ny = 2\n'))
