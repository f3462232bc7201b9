"""Interfaces of workflows: the same as those of their modules, though only a part of each module is written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from invokable.codegen import Options, plan_document
from invokable.codegen.plan import ModulePlan
from invokable.codegen.render import draft_module
from invokable.contract.interface import read_module
from invokable.workflow import WorkflowFileError
from tests.codegen.nasty import NASTY, with_emoji
from tests.drift.test_corpus import WORKFLOWS as CORPUS
from tests.effort import slow_beyond
from tests.examples import WORKFLOWS, add_field, with_generator
from tests.workflow.builders import edge, form, node, schema, workflow


def planned(document: Any) -> ModulePlan | None:
    try:
        return plan_document(document, schema(), source="flow.json", options=Options(lenient=True))
    except WorkflowFileError:
        return None


def labelled(number: int) -> Any:
    """A workflow whose fields have labels, of which an edge and a batch feed some."""
    nodes = [node(f"n{i}", "add", a=i, b=i) for i in range(number)]
    for i, each in enumerate(nodes):
        each["data"]["inputs"]["a"]["label"] = f"Number {i}"
    batch = node("batch", "integer_batch", batch_group_id="None", integers=[1, 2])
    edges = [edge("n0.value", "n1.a"), edge("batch.value", "n2.a")]
    return workflow(*nodes, batch, edges=edges, form=form(*(f"n{i}.{name}" for i in range(number) for name in "ab")))


def generated() -> Any:
    """A workflow that shows the values of a batch, and the generator that feeds them."""
    document = with_generator()
    add_field(document, "b", "integers")
    return document


MADE = {name: with_emoji(make)(number // 20) for name, (make, number) in NASTY.items()} | {
    "labelled": labelled(4),
    "generated": generated(),
}


def test_values_that_a_generator_makes_are_fed() -> None:
    plan = planned(generated())
    assert plan
    fed = {item.attribute: item.connected for item in read_module(draft_module(plan).finished()).inputs}
    assert fed["integers"]
    assert not fed["widths"]


def same(document: Any) -> bool:
    plan = planned(document)
    if plan is None:
        return True
    whole = read_module(draft_module(plan).finished())
    return read_module(draft_module(plan, laid_out=False, extent="interface").unformatted()) == whole


@pytest.mark.parametrize("name", MADE)
def test_the_interface_of_a_workflow_is_that_of_its_module(name: str) -> None:
    assert same(MADE[name])


@pytest.mark.parametrize(
    "path", [*WORKFLOWS.glob("*.json"), *slow_beyond(5, CORPUS)], ids=lambda path: path.parent.name
)
def test_the_interface_of_a_real_workflow_is_that_of_its_module(path: Any) -> None:
    assert same(json.loads(path.read_text(encoding="utf-8")))


def test_labels_edges_and_batches_are_seen() -> None:
    plan = planned(labelled(4))
    assert plan is not None
    inputs = read_module(draft_module(plan, laid_out=False, extent="interface").unformatted()).inputs
    assert [item.label for item in inputs[::2]] == ["Number 0", "Number 1", "Number 2", "Number 3"]
    assert [item.connected for item in inputs[::2]] == [False, True, True, False]
