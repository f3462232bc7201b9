"""Layout: the parts taken out before black runs are put back as black would have formatted them."""

from __future__ import annotations

import ast

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.codegen import Options, plan_document, render
from invokable.codegen.plan import ModulePlan
from invokable.codegen.python import layout
from invokable.codegen.python.code import literal
from invokable.codegen.python.layout import Layout, row
from invokable.schema import load
from tests.codegen import nasty
from tests.codegen.hostile import HOSTILE, poisoned
from tests.codegen.test_every_field import everything
from tests.effort import slow_among, tries
from tests.examples import example
from tests.workflow.builders import schema


def planned(document: object) -> ModulePlan:
    return plan_document(document, schema(), source="nasty.json", options=Options(lenient=True))


def both(document: object) -> tuple[str, str]:
    """The module of a document before it is signed, and what black makes of it alone."""
    plan = planned(document)
    fast = render.draft_module(plan).layout.put_back(render._format)
    return fast.decode(), render._format(render.draft_module(plan, laid_out=False).unformatted().decode())


def laid_out(text: str) -> str:
    layout = Layout()
    layout.take_apart(text)
    return layout.put_back(render._format).decode()


@pytest.mark.parametrize("name", slow_among(nasty.NASTY, nasty.COSTLY | {"long lists"}))
def test_a_large_module_is_laid_out_as_by_black(name: str) -> None:
    make, number = nasty.NASTY[name]
    fast, slow = both(make(number // 20))
    assert fast == slow


@pytest.mark.parametrize("name", nasty.NASTY)
def test_black_sees_only_what_does_not_grow(name: str) -> None:
    make, number = nasty.NASTY[name]
    seen: list[str] = []
    layout = render.draft_module(planned(make(number // 10))).layout
    layout.put_back(lambda text: seen.append(text) or text)  # type: ignore[func-returns-value]
    assert len(seen[0]) < 6_000


@pytest.mark.parametrize("docstring", ["🦊" * 70, f"{'🦊' * 70}\n    ", f"{'🦊' * 90}\n    "])
def test_docstrings_of_wide_letters_need_no_black(docstring: str) -> None:
    attributes = "".join(f'    a{n}: Annotated[int, Index({n})] = 1\n    """{docstring}"""\n\n' for n in range(9))
    text = f"class A:\n{attributes}"
    assert laid_out(text) == render._format(text)
    seen: list[str] = []
    layout = Layout()
    layout.take_apart(text)
    layout.put_back(lambda text: seen.append(text) or text)  # type: ignore[func-returns-value]
    assert "🦊" not in seen[0]


LONG = "a_name_of_more_than_sixty_letters_which_fits_no_line_with_more_beside"


@pytest.mark.parametrize(
    "line",
    [
        f"{LONG}{LONG}: int = ...,",
        f"{LONG}: int | str | None = ...,",
        f"{LONG}{LONG}: int | None = ...,",
        f"{LONG}: list[int] = ...,",
    ],
)
def test_a_long_parameter_is_laid_out_as_by_black(line: str) -> None:
    text = f"class A:\n    if B:\n\n        def replace(\n            self,\n            *,\n            {line}\n"
    text += "".join(f"            x{number}: int = ...,\n" for number in range(30)) + "        ) -> C: ...\n"
    assert laid_out(text) == render._format(text)


@pytest.mark.slow
@pytest.mark.parametrize("values", [False, True])
def test_every_field_is_laid_out_as_by_black(values: bool) -> None:
    fast, slow = both(everything(values=values))
    assert fast == slow


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_laid_out_as_by_black(text: str) -> None:
    fast, slow = both(poisoned(text))
    assert fast == slow


@pytest.mark.parametrize("sign", ["@", "\x01"])
@pytest.mark.parametrize("mark", ['?0?",', '    "?0?",\n    0,\n', 'r"""?0?"""'])
def test_no_text_passes_for_a_mark(mark: str, sign: str) -> None:
    fast, slow = both(poisoned(mark.replace("?", sign)))
    assert fast == slow


@pytest.mark.parametrize("width", [60, 100, 120])
@pytest.mark.parametrize("name", ["colour_card.json", "sd15_text_to_image.json"])
def test_lines_of_a_projects_own_length_are_laid_out_as_by_black(name: str, width: int) -> None:
    plan = plan_document(example(name), load("6.14.2"), source=name)
    text = render.render_module(plan, width=width).decode()
    assert black.format_str(text, mode=black.Mode(line_length=width)) == text
    assert (text != render.render_module(plan).decode()) == (width != layout.WIDTH)


scalars = st.integers() | st.text(st.characters(codec="utf-8"), max_size=50) | st.booleans()


@settings(max_examples=tries(40))
@given(st.lists(scalars, min_size=2, max_size=5))
def test_a_row_is_laid_out_as_by_black(values: list[object]) -> None:
    source = f"X = (\n    # the entries\n    {row(tuple(values))},\n)\n"
    assert black.format_str(source, mode=black.Mode()) == source


@pytest.mark.parametrize("value", [1e16, -1e22, 1.7976931348623157e308, 1e-7, 0.1, -0.0])
def test_a_number_is_written_as_by_black(value: float) -> None:
    source = f"x = {literal(value)}\n"
    assert black.format_str(source, mode=black.Mode()) == source
    assert repr(ast.literal_eval(literal(value))) == repr(value)


@settings(max_examples=tries(40))
@given(st.lists(scalars, min_size=3, max_size=12))
def test_choices_are_laid_out_as_by_black(values: list[object]) -> None:
    source = f"{layout.choices('Scheduler', values)}\n"
    assert black.format_str(source, mode=black.Mode()) == source
