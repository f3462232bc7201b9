"""Expressions: source text with the names that it needs."""

from __future__ import annotations

import ast

from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen.python import expression
from invokable.codegen.python.expression import Expression


def test_a_call_needs_what_it_calls_and_what_its_arguments_need() -> None:
    inner = expression.call("Model", name="Evil(1)")
    outer = expression.call("LoRA", inner, weight=1)
    assert str(outer) == 'LoRA(Model(name="Evil(1)"), weight=1)'
    assert outer.names == {"LoRA", "Model"}


def test_a_value_needs_no_name_whatever_it_says() -> None:
    assert expression.value(["f(x)", {"Model": 1}]).names == frozenset()


def test_builtins_and_names_of_the_module_need_no_import() -> None:
    listed = expression.subscript("list", [expression.name("int")])
    assert (str(listed), listed.names) == ("list[int]", frozenset())
    assert expression.local("Scheduler").names == frozenset()
    assert str(expression.union(listed, expression.name("None"))) == "list[int] | None"


def test_annotations_carry_their_names() -> None:
    limited = expression.subscript("Annotated", [expression.name("int"), expression.call("Ge", 64)])
    assert str(limited) == "Annotated[int, Ge(64)]"
    assert limited.names == {"Annotated", "Ge"}


def test_factories_carry_the_names_of_what_they_make() -> None:
    items = expression.listing([expression.call("Image", "a.png")])
    assigned = expression.call("field", default_factory=expression.lazily(items))
    assert str(assigned) == 'field(default_factory=lambda: [Image("a.png")])'
    assert assigned.names == {"field", "Image"}
    made = expression.made_by(expression.subscript("list", [expression.name("float")]), expression.value([1]))
    assert str(made) == "list[float]([1])"


names = st.sampled_from(["Ge", "Le", "Model", "Image"])
expressions = st.recursive(
    st.builds(expression.value, st.integers() | st.text()),
    lambda inner: (
        st.builds(expression.call, names, inner, inner)
        | st.builds(
            lambda name, parts: expression.subscript(name, parts), names, st.lists(inner, min_size=1, max_size=3)
        )
        | st.builds(expression.listing, st.lists(inner, max_size=3))
    ),
    max_leaves=10,
)


@given(expressions)
def test_the_names_are_exactly_those_in_the_text(made: Expression) -> None:
    tree = ast.parse(made.code, mode="eval")
    assert made.names == {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
