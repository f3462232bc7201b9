"""Statements: a text is divided where Python divides it."""

from __future__ import annotations

import ast

from hypothesis import example, given
from hypothesis import strategies as st

from invokable.contract.statements import Span, items, logical_lines
from invokable.contract.utf8 import cut

EXPRESSIONS = [
    "f()",
    'f("a, b", 1)',
    "f('a), b', 1)",
    '("a)")',
    'f("\\")", 1)',
    'f("""a")""", 1)',
    'f("" """)""", 1)',
    'f("", ")")',
    "f(')')",
    "f(# )\n1)",
    "f(\n1,\n2)",
    "(1, (2, 3), [4, (5)])",
    '{"a": (1), "b,": f(x=(2))}',
    'f("' + "x" * 300 + '")',
    "f(" + "1, " * 200 + ")",
    "(((((1)))))",
    "(f(), ')', [')'])",
    'r"\\\\"',
    '"\\\\"',
]
SEVERAL = st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=6)


def tree_of(expression: str) -> str:
    return ast.dump(ast.parse(f"({expression.strip()}\n)", mode="eval"))


@given(SEVERAL)
@example(EXPRESSIONS)
def test_items_are_divided_at_the_commas_between_them(expressions: list[str]) -> None:
    text = ", ".join(expressions).encode()
    found = [cut(text, *span).decode() for span in items(text, Span(0, len(text)))]
    assert [tree_of(item) for item in found] == [tree_of(expression) for expression in expressions]


@given(SEVERAL)
@example(EXPRESSIONS)
def test_lines_are_divided_where_statements_end(expressions: list[str]) -> None:
    text = "\n".join(expressions).encode()
    found = [cut(text, line.start, line.end).decode() for line in logical_lines(text, [])]
    assert found == [ast.get_source_segment(text.decode(), statement) for statement in ast.parse(text).body]
