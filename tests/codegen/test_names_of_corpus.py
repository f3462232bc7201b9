"""The names of many real workflows: all are recorded, and every number in a name has a reason."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from invokable.codegen import ModulePlan, Options, plan_document
from invokable.schema import load
from invokable.workflow import WorkflowFileError, read_document
from tests.codegen.names_of_corpus import CORPUS, Row, is_numbered, plans, read_table, rows_of

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")

NUMBERED: dict[tuple[str, str], str] = {}
"""(workflow, name) → why there is nothing better than a number. In the unchanged corpus no name needs one."""

NUMBERED_WITHOUT_IDS = {
    "synth-09-generators-float": (2, "generators with the same settings, but for a separator or an empty list"),
    "synth-27-node-update-image-collection": (4, "collections of images with random names, which feed nothing"),
    "synth-30-call-saved-workflow": (1, "calls of the same saved workflow with the same arguments"),
    "synth-32-collections": (1, "collections of plain numbers, which feed nothing"),
    "synth-32b-collections-runnable": (1, "collections of plain numbers, which feed nothing"),
    "synth-34-weird-values": (21, "unconnected nodes that hold nothing, the same thing, or a plain number or color"),
}
"""The same if every node id is a UUID, as in the editor: how many names, and why.

A plain number on a node is not used in names: it would look like a count, and change with the next default.
"""
NUMBERED_WITHOUT_IDS_BEFORE = 85


@pytest.fixture(scope="module")
def corpus() -> dict[str, ModulePlan]:
    return dict(plans())


def texts(plan: ModulePlan, row: Row) -> tuple[str, ...]:
    """Texts by people that the number in a name may come from."""
    for planned in plan.inputs:
        if row.kind == "input" and (planned.item.node_id, planned.item.field) == (row.node_id, row.field):
            return planned.item.user_label, planned.item.node_label, planned.item.node_title, planned.item.label
    nodes = [o.output for o in plan.outputs if (o.output.node_id, o.output.field) == (row.node_id, row.field)]
    return tuple(text for node in nodes for text in (node.node_label, node.node_title))


def numbered(slug: str, plan: ModulePlan) -> list[str]:
    return [row.name for row in rows_of(slug, plan) if row.kind != "class" and is_numbered(row.name, texts(plan, row))]


def test_the_names_are_those_of_the_table(corpus: dict[str, ModulePlan]) -> None:
    found = [row for slug, plan in corpus.items() for row in rows_of(slug, plan)]
    assert found == [row for row, _ in read_table()]


def test_every_number_has_a_reason(corpus: dict[str, ModulePlan]) -> None:
    assert {(slug, name) for slug, plan in corpus.items() for name in numbered(slug, plan)} == set(NUMBERED)


def test_a_third_of_the_numbers_that_there_were_at_most(corpus: dict[str, ModulePlan]) -> None:
    before = 0
    for row, name in read_table():
        if row.kind != "class":
            before += is_numbered(name, texts(corpus[row.workflow], row))
    assert before == 90
    assert len(NUMBERED) <= before / 3


def test_no_name_is_numbered_for_want_of_an_id(corpus: dict[str, ModulePlan]) -> None:
    counts = Counter({slug: len(numbered(slug, plan)) for slug, plan in with_new_ids()})
    assert +counts == Counter({slug: count for slug, (count, _) in NUMBERED_WITHOUT_IDS.items()})
    assert counts.total() < 0.4 * NUMBERED_WITHOUT_IDS_BEFORE


def with_new_ids() -> Iterator[tuple[str, ModulePlan]]:
    """The plans of the workflows that have nodes, each node with a UUID for an id."""
    schema = load("6.14.2")
    for path in sorted(CORPUS.glob("*/workflow.json")):
        slug = path.parent.name
        try:
            document = read_document(path.read_bytes())
            text = json.dumps(document)
            for node in document["nodes"]:  # type: ignore[index]
                text = text.replace(json.dumps(node["id"]), json.dumps(str(uuid.uuid5(uuid.NAMESPACE_OID, node["id"]))))
            plan = plan_document(json.loads(text), schema, source=path.name, options=Options(lenient=True))
        except (WorkflowFileError, KeyError, TypeError):
            continue
        yield slug, plan
