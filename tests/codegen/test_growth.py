"""Growth: a workflow of twice the size takes about twice the work, whatever its content.

Work is counted in calls of Python functions, which do not depend on the machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from invokable.codegen import Options, plan_document
from invokable.codegen.describing.descriptions import Descriptions
from invokable.codegen.python import code
from invokable.codegen.render import draft_module
from invokable.workflow import WorkflowFileError, read_document
from invokable.workflow.errors import nearest
from invokable.workflow.wiring import ConnectorSources, Wiring
from tests.codegen.nasty import COSTLY, NASTY
from tests.counted import Counted
from tests.effort import slow_among, slow_beyond
from tests.workflow.builders import connector, edge, form, node, read, schema, workflow


def calls(work: Callable[[], object]) -> int:
    """The number of function calls, including those of C functions."""
    count = 0

    def profile(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def lines(work: Callable[[], object]) -> int:
    """The number of executed lines of Python, counting each repetition."""
    count = 0

    def trace(frame: object, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def planned(document: Any) -> Callable[[], object]:
    """Reading a workflow, from its bytes to the plan of its module and the text of its graph."""
    data = json.dumps(document).encode()

    def work() -> None:
        try:
            read = read_document(data)
            plan = plan_document(read, schema(), source="x.json", options=Options(lenient=True))
        except WorkflowFileError:
            return
        code.json_text(plan.batch.to_json(), lines=("sources", "groups"))

    return work


BUDGETED = {"batches over connectors", "one connector to many"}
"""Those whose searches grow faster, up to a budget that grows with the file; beyond it the file is refused."""


@pytest.mark.parametrize("name", slow_among(sorted(NASTY.keys() - BUDGETED), COSTLY))
def test_twice_the_size_is_about_twice_the_work(name: str) -> None:
    make, number = NASTY[name]
    small, large = make(number // 4), make(number // 2)
    planned(small)()  # warm caches
    assert calls(planned(large)) < 2.3 * calls(planned(small)) + 2_000


@pytest.mark.parametrize("name", slow_beyond(1, ["equal labels", "many to many", "prompts"]))
def test_describing_twice_the_size_is_about_twice_the_work(name: str) -> None:
    make, number = NASTY[name]
    small, large = (
        plan_document(make(count), schema(), source="x.json", options=Options(lenient=True))
        for count in (number // 8, number // 4)
    )
    draft_module(small, laid_out=False).unformatted(), draft_module(large, laid_out=False).unformatted()  # warm caches
    assert lines(lambda: draft_module(large, laid_out=False).unformatted()) < 2.2 * lines(
        lambda: draft_module(small, laid_out=False).unformatted()
    )


def test_the_outputs_that_a_board_is_for_are_looked_up() -> None:
    nodes = [node(f"n{number}", "save_image", board="auto") for number in range(200)]
    document = workflow(*nodes, form=form(*(f"n{number}.board" for number in range(200))))
    plan = plan_document(document, schema(), source="x.json")
    outputs = (replace(one, output=replace(one.output, node_id=Counted(one.output.node_id))) for one in plan.outputs)
    descriptions = Descriptions(replace(plan, outputs=tuple(outputs)))
    Counted.compared = 0
    assert all("For `" in " ".join(descriptions.of(planned)) for planned in plan.inputs)
    assert Counted.compared < 10 * len(nodes)


@pytest.mark.parametrize("name", slow_among(NASTY, COSTLY))
def test_the_work_stays_within_bounds_for_the_size(name: str) -> None:
    make, number = NASTY[name]
    document = make(number // 2)
    planned(document)()
    assert calls(planned(document)) < 8 * len(json.dumps(document))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(BUDGETED))
def test_searches_end_with_the_budget_of_the_file(name: str) -> None:
    make, number = NASTY[name]
    small, large = make(2 * number), make(4 * number)
    assert calls(planned(large)) < 2.3 * calls(planned(small))


def test_a_chain_of_connectors_is_followed_once() -> None:
    def sources(number: int) -> Callable[[], object]:
        chain = [connector(f"c{i}") for i in range(number)]
        edges = [edge("i.value", "c0.in"), *(edge(f"c{i}.out", f"c{i + 1}.in") for i in range(number - 1))]
        parsed = read(workflow(node("i", "integer", value=1), *chain, edges=edges)).workflow
        found = ConnectorSources(parsed.by_id(), Wiring.of(parsed))

        def work() -> None:
            for position in reversed(range(number)):
                source = found.of(f"c{position}")
                assert source
                assert source[0].id == "i"

        return work

    assert calls(sources(200)) < 2.3 * calls(sources(100))


def test_names_of_any_length_are_compared_in_bounded_time() -> None:
    known = [f"{'x' * 10_000}{number}" for number in range(20)]
    assert calls(lambda: nearest("y" * 100_000, known)) < 20
    assert calls(lambda: nearest("short", known)) < 5_000
    many = (f"name{number}" for number in range(10**6))
    assert calls(lambda: nearest("nane1", many)) < 200_000
    assert nearest("nane1", ["name1", "other"]) == 'did you mean "name1"?'
