"""Which edges are kept, and how they appear in the graph."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.workflow import WorkflowFileError
from tests.workflow.builders import (
    Json,
    connector,
    edge,
    embedded_in,
    graph_edges,
    graph_node,
    node,
    notes,
    read,
    workflow,
)

INT, FLOAT, TEXT, ADD = (node(name[0], name) for name in ("integer", "float", "string", "add"))


def survivors(*edges: Json, nodes: tuple[Json, ...]) -> list[str]:
    reading = read(workflow(*nodes, edges=list(edges)), lenient=True)
    dropped = [
        warning for warning in reading.warnings if warning.message.startswith("the edge ") and ":" in warning.message
    ]
    assert len(dropped) == len(edges) - len(reading.workflow.edges)
    return [f"{e.source}.{e.source_handle} > {e.target}.{e.target_handle}" for e in reading.workflow.edges]


@pytest.mark.parametrize(
    ("end_points", "reason"),
    [
        (("ghost.value", "a.a"), "its source node 'ghost' does not exist"),
        (("i.value", "ghost.a"), "its target node 'ghost' does not exist"),
        (("i.valeu", "a.a"), "no output 'valeu'"),
        (("i.value", "a.aa"), "no input 'aa'"),
        (("a.value", "a.b"), "cannot feed itself"),
        (("n.value", "a.b"), "notes have no outputs"),
        (("i.value", "n.in"), "notes do not accept edges"),
        (("s.value", "a.a"), "StringField does not fit IntegerField"),
        (("f.value", "a.a"), "FloatField does not fit IntegerField"),
        (("i.value", "g.board"), "accepts a value, but no edge"),
        (("x.value", "a.a"), "unknown node"),
        (("c.output", "a.a"), "a connector's output is 'out'"),
        (("i.value", "c.input"), "a connector's input is 'in'"),
    ],
)
def test_an_impossible_edge_is_refused(end_points: tuple[str, str], reason: str) -> None:
    nodes = [INT, FLOAT, TEXT, ADD, notes("n"), connector("c"), node("g", "blank_image"), node("x", "made_up")]
    nodes = [entry for entry in nodes if entry["id"] != "x" or end_points[0] == "x.value"]
    document = workflow(*nodes, edges=[edge(*end_points)])
    messages = [warning.message for warning in read(document, lenient=True).warnings]
    assert any(reason in message for message in messages), messages
    with pytest.raises(WorkflowFileError):
        read(document)


def test_the_error_about_an_edge_says_where_and_suggests_the_nearest_name() -> None:
    with pytest.raises(WorkflowFileError) as caught:
        read(workflow(INT, ADD, edges=[edge("i.valeu", "a.a")]))
    assert (caught.value.pointer, caught.value.suggestion) == ("/edges/0", 'did you mean "value"?')


def test_a_dropped_edge_leaves_the_value_of_its_input_in_force() -> None:
    document = workflow(TEXT, node("a", "add", a=7, b=8), edges=[edge("s.value", "a.a")])
    assert graph_node(read(document, lenient=True), "a") == {"a": 7, "b": 8}


def test_an_edge_removes_the_value_of_its_input() -> None:
    document = workflow(INT, node("a", "add", a=7, b=8), edges=[edge("i.value", "a.a")])
    reading = read(document)
    assert graph_node(reading, "a") == {"b": 8}
    assert graph_edges(reading) == ["i.value > a.a"]


def test_the_first_of_two_edges_into_one_input_wins() -> None:
    nodes = (INT, node("j", "integer"), ADD)
    assert survivors(edge("j.value", "a.a"), edge("i.value", "a.a"), nodes=nodes) == ["j.value > a.a"]
    assert survivors(edge("j.value", "a.a"), edge("j.value", "a.a"), nodes=nodes) == ["j.value > a.a"]


def test_a_collect_node_takes_many_items_of_one_type() -> None:
    nodes = (INT, node("j", "integer"), TEXT, node("k", "collect"))
    edges = [edge("i.value", "k.item"), edge("j.value", "k.item"), edge("s.value", "k.item")]
    assert survivors(*edges, nodes=nodes) == ["i.value > k.item", "j.value > k.item"]


def test_chained_collect_nodes_keep_to_one_type() -> None:
    nodes = (INT, TEXT, node("k", "collect"), node("l", "collect"))
    edges = [edge("i.value", "k.item"), edge("s.value", "l.item"), edge("k.collection", "l.collection")]
    assert len(survivors(*edges, nodes=nodes)) == 2


def test_an_edge_that_closes_a_circle_is_dropped() -> None:
    nodes = tuple(node(name, "add") for name in "abc")
    edges = [edge("a.value", "b.a"), edge("b.value", "c.a"), edge("c.value", "a.a"), edge("a.value", "c.b")]
    assert survivors(*edges, nodes=nodes) == ["a.value > b.a", "b.value > c.a", "a.value > c.b"]


def test_a_circle_of_collapsed_edges_shuts_out_every_later_edge() -> None:
    nodes = tuple(node(name, "add") for name in "abc")
    drawn = [{"id": f"{s}{t}", "type": "collapsed", "source": s, "target": t} for s, t in ("ab", "ba")]
    assert survivors(edge("a.value", "c.a"), *drawn, edge("b.value", "c.b"), nodes=nodes)[0] == "a.value > c.a"
    assert len(survivors(edge("a.value", "c.a"), *drawn, edge("b.value", "c.b"), nodes=nodes)) == 3


def test_the_branches_of_an_if_node_must_be_alike() -> None:
    nodes = (INT, FLOAT, TEXT, node("q", "if"), node("m", "float_math"))
    alike = [edge("i.value", "q.true_input"), edge("f.value", "q.false_input"), edge("q.value", "m.a")]
    assert len(survivors(*alike, nodes=nodes)) == 3
    image = node("p", "blank_image")
    odd = [edge("i.value", "q.true_input"), edge("p.image", "q.false_input")]
    assert survivors(*odd, nodes=(*nodes, image)) == ["i.value > q.true_input"]


def test_the_output_of_an_if_node_has_the_types_of_its_branches() -> None:
    nodes = (TEXT, node("q", "if"), ADD)
    edges = [edge("s.value", "q.true_input"), edge("q.value", "a.a")]
    assert survivors(*edges, nodes=nodes) == ["s.value > q.true_input"]


def test_connectors_dissolve_in_the_graph() -> None:
    edges = [edge("d.out", "a.a"), edge("c.out", "d.in"), edge("i.value", "c.in")]
    reading = read(workflow(INT, connector("c"), connector("d"), node("a", "add", a=7), edges=edges))
    assert graph_edges(reading) == ["i.value > a.a"]
    assert graph_node(reading, "a") == {}
    assert [e.source for e in reading.workflow.edges] == ["d", "c", "i"]


def test_what_a_connector_ends_in_must_take_what_feeds_it() -> None:
    edges = [edge("c.out", "a.a"), edge("s.value", "c.in")]
    assert survivors(*edges, nodes=(TEXT, connector("c"), ADD)) == ["c.out > a.a"]
    assert survivors(*reversed(edges), nodes=(TEXT, connector("c"), ADD)) == ["s.value > c.in"]


def test_the_ends_of_a_connector_without_a_source_must_be_alike() -> None:
    nodes = (connector("c"), ADD, node("m", "float_math"), node("j", "string_join"))
    assert len(survivors(edge("c.out", "a.a"), edge("c.out", "m.a"), nodes=nodes)) == 2
    image = node("p", "img_blur")
    assert survivors(edge("c.out", "a.a"), edge("c.out", "p.image"), nodes=(*nodes, image)) == ["c.out > a.a"]


def test_an_edge_out_of_a_connector_without_a_source_stays_in_the_workflow_only() -> None:
    document = workflow(connector("c"), node("a", "add", a=7), edges=[edge("c.out", "a.a")])
    reading = read(document)
    assert len(reading.workflow.edges) == 1
    assert graph_edges(reading) == []
    assert graph_node(reading, "a") == {"a": 7}
    assert reading.warnings[0].pointer == "/edges/0"


def test_connectors_in_a_circle_resolve_to_nothing() -> None:
    edges = [edge("c.out", "d.in"), edge("d.out", "c.in"), edge("c.out", "a.a")]
    reading = read(workflow(connector("c"), connector("d"), ADD, edges=edges), lenient=True)
    assert graph_edges(reading) == []


def test_two_ways_through_connectors_are_one_edge() -> None:
    edges = [edge("i.value", "c.in"), edge("i.value", "k.item"), edge("c.out", "k.item")]
    reading = read(workflow(INT, connector("c"), node("k", "collect"), edges=edges))
    assert graph_edges(reading) == ["i.value > k.item"]


def test_notes_and_collapsed_edges_are_no_part_of_the_graph() -> None:
    drawn = {"id": "x", "type": "collapsed", "source": "i", "target": "a"}
    reading = read(workflow(INT, ADD, notes("n"), edges=[drawn]))
    nodes: Any = reading.graph["nodes"]
    assert list(nodes) == ["i", "a"]
    assert graph_edges(reading) == []
    embedded = embedded_in(reading)
    assert embedded["edges"] == [drawn]
    assert embedded["nodes"][2]["data"]["notes"] == "remember"


def test_hidden_is_kept_where_it_is_set() -> None:
    reading = read(workflow(INT, ADD, edges=[edge("i.value", "a.a", hidden=True), edge("i.value", "a.b")]))
    embedded = embedded_in(reading)
    assert [entry.get("hidden") for entry in embedded["edges"]] == [True, None]
    assert "hidden" not in embedded["edges"][1]
