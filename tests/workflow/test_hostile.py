"""Hostile files: one clear error, never another exception, never a hang."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invokable.workflow import WorkflowFileError, node_versions, read_document, read_workflow
from invokable.workflow.batch_data import batch_data
from invokable.workflow.cycles import CycleGuard, Effort
from tests.effort import slow_beyond, tries
from tests.examples import SHARED
from tests.workflow.builders import (
    MODEL,
    Json,
    connector,
    edge,
    embedded_in,
    field_element,
    form,
    node,
    notes,
    read,
    schema,
    workflow,
)
from tests.workflow.test_migrate import v1, v1_node, v2

CORPUS = SHARED / "corpus"

RICH = workflow(
    node("g", "float_generator", generator={"type": "float_generator_parse_string", "input": "1,2", "splitOn": ","}),
    node("b", "float_batch", batch_group_id="Group 1"),
    node("m", "main_model_loader", model=MODEL, label="Model"),
    node("c", "image_collection", version="1.0.0", collection=[{"image_name": "a.png"}]),
    node("k", "collect"),
    node("q", "if"),
    node("a", "add", a=1, b=2),
    node("f", "float_math", a=1, b=2),
    node("w", "call_saved_workflow", workflow_id="w"),
    node("d", "core_metadata", extra={"x": [1]}),
    connector("x"),
    notes("n"),
    edges=[
        edge("g.floats", "b.floats"),
        edge("b.value", "f.a"),
        edge("a.value", "x.in"),
        edge("x.out", "q.true_input"),
        edge("a.value", "k.item"),
        edge("q.value", "f.b"),
        {"id": "z", "type": "collapsed", "source": "a", "target": "f"},
    ],
    form=form(
        {"type": "heading", "data": {"content": "Numbers"}},
        [field_element("a.b", settings={"type": "integer-field-config", "min": 0}), "m.model"],
        "c.collection",
    ),
    exposedFields=[{"nodeId": "a", "fieldName": "a"}],
)
OLD = v1(
    v1_node("a", "add", a=("integer", 1), b=("integer", 2)),
    v1_node("m", "main_model_loader", model=("MainModelField", {"model_name": "abc", "base_model": "sd-1"})),
    edges=[edge("a.value", "a.b")],
)
OLDER = v2(v1_node("a", "add", a=("IntegerField", 1)), v1_node("l", "lora_loader", lora=("LoRAModelField", {})))
SEEDS = [RICH, OLD, OLDER]

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["a", "b", "c", "in", "out", "value", "1.0.0", "invocation", "connector", "container", "1e400"]),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["type", "value", "name", "id", "image_name"]), st.none() | st.lists(st.none())),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value within a JSON value."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += places(child, (*path, key))
    return found


def parent_of(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def mutate(document: Any, data: st.DataObject) -> Any:
    """Replace, delete, copy or rename a few values."""
    document = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        paths = places(document)
        if not paths:
            break
        path = data.draw(st.sampled_from(paths))
        parent, key = parent_of(document, path), path[-1]
        match data.draw(st.sampled_from(["replace", "delete", "copy", "rename"])):
            case "replace":
                parent[key] = data.draw(odd_values)
            case "delete":
                del parent[key]
            case "copy":
                other = data.draw(st.sampled_from(paths))
                source = parent_of(document, other)
                known = other[-1] in source if isinstance(source, dict) else other[-1] < len(source)
                parent[key] = copy.deepcopy(source[other[-1]]) if known else None
            case _ if isinstance(parent, dict):
                parent[data.draw(st.text(max_size=4))] = parent.pop(key)
    return document


def is_read_or_refused(document: Any) -> bool:
    node_versions(document)
    for lenient in (True, False):
        try:
            reading = read_workflow(document, schema(), lenient=lenient)
        except WorkflowFileError as error:
            if not error.message:
                return False
        else:
            data = list(map(list, batch_data(reading.batches)))
            json.dumps([reading.graph, data, embedded_in(reading)], allow_nan=False)
    return True


def test_the_seeds_of_the_mutations_are_workflows() -> None:
    assert len(read(RICH).inputs) == 3
    assert len(read(OLDER, lenient=True).workflow.nodes) == 2


@given(st.data())
@settings(max_examples=tries(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_workflow_is_read_or_refused(data: st.DataObject) -> None:
    assert is_read_or_refused(mutate(data.draw(st.sampled_from(SEEDS)), data))


examples = sorted(CORPUS.glob("*/workflow.json"))[::9]


@pytest.mark.skipif(not examples, reason="the corpus of real workflows is not beside this checkout")
@pytest.mark.parametrize("path", examples, ids=lambda path: path.parent.name)
@given(data=st.data())
@settings(max_examples=tries(15), deadline=None, suppress_health_check=list(HealthCheck))
def test_a_mutated_real_workflow_is_read_or_refused(path: Path, data: st.DataObject) -> None:
    assert is_read_or_refused(mutate(json.loads(path.read_bytes()), data))


LORA = {"model_name": "abc", "base_model": "sd-1"}


@pytest.mark.parametrize("document", [RICH, OLDER, v2(v1_node("l", "lora_loader", lora=("LoRAModelField", LORA)))])
def test_reading_leaves_the_document_as_it_was(document: Any) -> None:
    before = copy.deepcopy(document)
    reading = read_workflow(document, schema(), lenient=True)
    assert embedded_in(reading) == embedded_in(reading)
    assert document == before


@given(odd_values)
def test_any_json_is_refused_as_a_workflow(value: Any) -> None:
    with pytest.raises(WorkflowFileError):
        read_workflow(value, schema())


def chain(count: int, *, backwards: bool) -> Json:
    nodes = [node(f"n{number}", "add", a=1, b=2) for number in range(count)]
    edges = [edge(f"n{number}.value", f"n{number + 1}.a") for number in range(count - 1)]
    return workflow(*nodes, edges=edges[::-1] if backwards else edges)


@pytest.mark.parametrize("backwards", slow_beyond(1, [False, True]))
def test_a_chain_of_five_thousand_nodes_is_read(backwards: bool) -> None:
    reading = read(chain(5_000, backwards=backwards))
    assert len(reading.graph["edges"]) == 4_999


def test_looking_for_near_names_does_not_slow_down_a_lenient_reading() -> None:
    # Finding the nearest of 3,000 names takes milliseconds, so 6,000 such searches would take minutes.
    nodes = [node(f"n{number}", f"made_up_{number}") for number in range(3_000)]
    edges = [edge(f"m{number}.value", f"n{number}.value") for number in range(3_000)]
    reading = read(workflow(*nodes, edges=edges), lenient=True)
    assert len(reading.warnings) == 6_000


def test_a_chain_of_connectors_is_resolved_however_long() -> None:
    count = 400
    nodes = [node("i", "integer", value=1), *(connector(f"c{number}") for number in range(count)), node("a", "add")]
    edges = [edge("i.value", "c0.in"), edge(f"c{count - 1}.out", "a.a")]
    edges += [edge(f"c{number}.out", f"c{number + 1}.in") for number in range(count - 1)]
    reading = read(workflow(*nodes, edges=edges))
    assert reading.graph["edges"] == [
        {"source": {"node_id": "i", "field": "value"}, "destination": {"node_id": "a", "field": "a"}}
    ]


def test_edges_too_tangled_to_be_checked_are_refused() -> None:
    ring = [(f"n{number}", f"n{(number + 1) % 300}") for number in range(300)]
    guard = CycleGuard(ring, Effort(limit=1_000))

    def accept_backwards() -> None:
        for key, (source, target) in enumerate(reversed(ring)):
            guard.accept(key, source, target)

    with pytest.raises(WorkflowFileError, match="tangled"):
        accept_backwards()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=25))
def test_a_circle_is_found_exactly_when_there_is_one(pairs: list[tuple[int, int]]) -> None:
    edges = [(str(source), str(target)) for source, target in pairs]
    guard = CycleGuard(edges, Effort())
    accepted: list[tuple[str, str]] = []
    for key, (source, target) in enumerate(edges):
        closes = guard.closes(source, target)
        assert closes == has_circle([*accepted, (source, target)])
        if not closes:
            guard.accept(key, source, target)
            accepted.append((source, target))


def has_circle(edges: list[tuple[str, str]]) -> bool:
    """Return whether repeatedly removing nodes without an incoming edge leaves any."""
    left = list(edges)
    while left:
        targets = {target for _, target in left}
        kept = [(source, target) for source, target in left if source in targets]
        if len(kept) == len(left):
            return True
        left = kept
    return False


def test_a_compressed_file_is_not_a_workflow() -> None:
    with pytest.raises(WorkflowFileError, match="neither UTF-8"):
        read_document(gzip.compress(json.dumps(RICH).encode()))
