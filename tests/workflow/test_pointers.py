"""Pointers: each in an error or warning leads to something in the file, whatever its author left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from invokable.codegen import Options, plan_document
from invokable.workflow import WorkflowFileError
from tests.effort import slow_beyond
from tests.examples import SHARED, WORKFLOWS
from tests.workflow.builders import connector, edge, field_element, form, node, notes, schema, workflow
from tests.workflow.test_migrate import v1, v1_node, v2

NODES = (node("i", "integer", value=5), node("a", "add", a=1, b=2))
EXPOSED = {"exposedFields": [{"nodeId": "a", "fieldName": "b"}, {"nodeId": "i", "fieldName": "value"}]}
OLD = (v1_node("i", "integer", value=("integer", 5)), v1_node("a", "add", a=("integer", 1), b=("integer", 2)))
NO_FACTOR = {"type": "float-field-config", "component": "number-input", "min": 9, "max": 1}
EDGE = [edge("i.value", "a.a")]
DOCUMENTS = {
    "limits that allow no value": workflow(
        node("l", "lscale", scale_factor=5), form=form(field_element("l.scale_factor", settings=NO_FACTOR))
    ),
    "a form": workflow(*NODES, notes("n"), edges=EDGE, form=form("i.value", ["a.b"], {"type": "divider"})),
    "a connector": workflow(*NODES, connector("c"), edges=[edge("i.value", "c.in"), edge("c.out", "a.a")]),
    "exposed fields": workflow(*NODES, edges=EDGE, meta={"version": "3.0.0", "category": "user"}) | EXPOSED,
    "format 2": v2(*OLD, edges=EDGE) | EXPOSED,
    "format 1": v1(*OLD, edges=EDGE) | EXPOSED,
    "an outdated node": v1(v1_node("c", "color_correct"), *OLD) | EXPOSED,
}
CORPUS = sorted((SHARED / "corpus").glob("*/workflow.json"))[::12]


def without_a_member(value: Any, whole: Any) -> Iterator[Any]:
    """The whole, again and again, each time without another member of the objects in a value."""
    if isinstance(value, dict):
        for key in list(value):
            kept = dict(value)
            del value[key]
            yield whole
            value.clear()
            value.update(kept)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from without_a_member(inner, whole)


def pointers(document: Any, *, lenient: bool) -> list[str | None]:
    """Where the problems of a document are."""
    try:
        plan = plan_document(document, schema(), source="a.json", options=Options(lenient=lenient))
    except WorkflowFileError as error:
        return [error.pointer]
    inputs = [planned.item.pointer for planned in plan.inputs if planned.type.unfit or planned.type.dropped]
    return [*(warning.pointer for warning in plan.reading.warnings), *inputs]


def leads_somewhere(pointer: str | None, document: Any) -> bool:
    place = document
    for part in (pointer or "").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        members = dict(enumerate(place)) if isinstance(place, list) else place if isinstance(place, dict) else {}
        known = {str(name): member for name, member in members.items()}
        if key not in known:
            return False
        place = known[key]
    return True


def astray(document: Any) -> list[str]:
    return [
        f"{pointer} in {json.dumps(document)[:3_000]}"
        for changed in without_a_member(document, document)
        for lenient in (False, True)
        for pointer in pointers(changed, lenient=lenient)
        if not leads_somewhere(pointer, changed)
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_pointer_leads_to_something_whatever_is_missing(name: str) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    assert leads_somewhere(next(iter(pointers(document, lenient=False)), None), document)
    assert astray(document) == []


@pytest.mark.parametrize(
    "path", [WORKFLOWS / "colour_card.json", *slow_beyond(0, CORPUS)], ids=lambda path: str(path.parent.name)
)
def test_a_pointer_leads_to_something_in_real_workflows(path: Any) -> None:
    assert astray(json.loads(path.read_text(encoding="utf-8"))) == []


def test_an_exposed_field_that_does_not_exist_is_found_in_the_list() -> None:
    document = json.loads(json.dumps(DOCUMENTS["exposed fields"]))
    del document["nodes"][0]["data"]["inputs"]["value"]
    assert pointers(document, lenient=True) == ["/exposedFields/1"]


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        ({}, "", "it has no meta.version"),
        ({"meta": {}}, "/meta", "it has no meta.version"),
        ({"meta": {"version": 7}}, "/meta/version", "expected a meta.version such as '4.0.0', found a number"),
        ({"meta": {"version": "4"}}, "/meta/version", "expected a meta.version such as '4.0.0', found '4'"),
        (workflow(*NODES, form={"elements": {}}), "/form", 'cannot read a form without "rootElementId"'),
        (workflow(*NODES, form={"rootElementId": "r"}), "/form", 'cannot read a form without "elements"'),
        (workflow(*NODES, form={"rootElementId": 7, "elements": {}}), "/form/rootElementId", "this part of the form"),
        (workflow(*NODES, form=form({"type": "heading"})), "/form/elements/el1", 'of the form without "data"'),
        (workflow(*NODES, form=form({})), "/form/elements/el1", 'of the form without "type"'),
        (
            workflow(*NODES, form=form(field_element("i.value", fieldIdentifier={"nodeId": "i"}))),
            "/form/elements/el1/data/fieldIdentifier",
            'of the form without "fieldName"',
        ),
    ],
)
def test_what_is_missing_is_named_at_its_parent(document: Any, pointer: str, message: str) -> None:
    with pytest.raises(WorkflowFileError, match=message) as caught:
        plan_document(document, schema(), source="a.json")
    assert caught.value.pointer == pointer
