"""Iterate and collect: one execution for each element, in order, collected again by group."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import tries
from tests.testing.execution.running import Run, graph

Nodes = dict[str, dict[str, Any]]

few = settings(max_examples=tries(30), deadline=None)
numbers = st.lists(st.integers(-99, 99), max_size=5)


def each(source: str, iterate: str) -> str:
    return f"{source}.collection -> {iterate}.collection"


def values(run: Run, source: str) -> list[Any]:
    return [result["value"] for result in run.results(source)]


def paths(run: Run, source: str) -> list[list[int]]:
    document = run.document
    return [
        path
        for exec_id, path in document["prepared_iteration_paths"].items()
        if document["prepared_source_mapping"][exec_id] == source
    ]


def by_path(run: Run, source: str) -> dict[tuple[int, ...], Any]:
    document = run.document
    return {
        tuple(path): document["results"][exec_id]["collection"]
        for exec_id, path in document["prepared_iteration_paths"].items()
        if document["prepared_source_mapping"][exec_id] == source
    }


@few
@given(numbers, st.integers(-99, 99))
def test_a_node_below_iterate_runs_for_each_element_in_order(elements: list[int], addend: int) -> None:
    nodes: Nodes = {
        "all": {"type": "integer_collection", "collection": elements},
        "each": {"type": "iterate"},
        "sum": {"type": "add", "b": addend},
        "collect": {"type": "collect"},
    }
    run = Run(graph(nodes, each("all", "each"), "each.item -> sum.a", "sum.value -> collect.item"))
    assert run.result("collect")["collection"] == [element + addend for element in elements]
    assert [(it["item"], it["index"], it["total"]) for it in run.results("each")] == [
        (element, index, len(elements)) for index, element in enumerate(elements)
    ]
    assert paths(run, "sum") == [[index] for index in range(len(elements))]


@few
@given(st.lists(st.integers(0, 3), max_size=4))
def test_a_nested_iterate_is_gathered_by_the_outer_element(sizes: list[int]) -> None:
    nodes: Nodes = {
        "outer": {"type": "integer_collection", "collection": sizes},
        "size": {"type": "iterate"},
        "row": {"type": "float_range", "start": 0, "stop": 1},
        "cell": {"type": "iterate"},
        "double": {"type": "float_math", "operation": "MUL", "b": 2},
        "gathered": {"type": "collect"},
    }
    run = Run(
        graph(
            nodes,
            each("outer", "size"),
            "size.item -> row.steps",
            each("row", "cell"),
            "cell.item -> double.a",
            "double.value -> gathered.item",
        )
    )
    rows = [[0.0, 2.0][:size] if size < 3 else [0.0, 1.0, 2.0] for size in sizes]
    # One collection for each outer element, even without inner ones; a single empty one without outer elements.
    expected: dict[tuple[int, ...], Any] = {(index,): row for index, row in enumerate(rows)}
    assert by_path(run, "gathered") == (expected or {(): []})


@few
@given(numbers, numbers)
def test_two_independent_iterates_make_every_pair(first: list[int], second: list[int]) -> None:
    nodes: Nodes = {
        "a": {"type": "integer_collection", "collection": first},
        "i": {"type": "iterate"},
        "b": {"type": "integer_collection", "collection": second},
        "j": {"type": "iterate"},
        "sum": {"type": "add"},
    }
    run = Run(graph(nodes, each("a", "i"), each("b", "j"), "i.item -> sum.a", "j.item -> sum.b"))
    assert values(run, "sum") == [one + other for one in first for other in second]


@few
@given(numbers, st.integers())
def test_a_collector_puts_collections_before_items(elements: list[int], item: int) -> None:
    nodes: Nodes = {
        "all": {"type": "integer_collection", "collection": elements},
        "one": {"type": "integer", "value": item},
        "collect": {"type": "collect"},
    }
    run = Run(graph(nodes, "one.value -> collect.item", "all.collection -> collect.collection"))
    assert run.result("collect")["collection"] == [*elements, item]


@few
@given(numbers)
def test_what_was_gathered_can_be_gathered_again(elements: list[int]) -> None:
    nodes: Nodes = {
        "all": {"type": "integer_collection", "collection": elements},
        "each": {"type": "iterate"},
        "gathered": {"type": "collect"},
        "both": {"type": "collect"},
    }
    run = Run(
        graph(
            nodes,
            each("all", "each"),
            "each.item -> gathered.item",
            "gathered.collection -> both.collection",
            "each.item -> both.item",
        )
    )
    assert run.result("both")["collection"] == elements * 2


@few
@given(numbers)
def test_the_mapping_of_a_source_holds_all_its_executions(elements: list[int]) -> None:
    nodes: Nodes = {"all": {"type": "integer_collection", "collection": elements}, "each": {"type": "iterate"}}
    document = Run(graph(nodes, each("all", "each"))).document
    mapped = document["source_prepared_mapping"]["each"]
    assert set(mapped) == {it for it, source in document["prepared_source_mapping"].items() if source == "each"}
    assert document["executed_history"] == ["all", "each"]


def test_below_an_empty_collection_nothing_runs_but_the_collector() -> None:
    nodes: Nodes = {
        "all": {"type": "integer_collection"},
        "each": {"type": "iterate"},
        "sum": {"type": "add"},
        "collect": {"type": "collect"},
    }
    run = Run(graph(nodes, each("all", "each"), "each.item -> sum.a", "sum.value -> collect.item"))
    assert run.results("sum") == []
    assert run.result("collect")["collection"] == []
    assert run.document["executed_history"] == ["all", "each", "sum", "collect"]


def test_a_source_that_feeds_two_inputs_of_a_collector_is_gathered_twice() -> None:
    # As on the server, which matches executions by source node, not by edge.
    nodes: Nodes = {"size": {"type": "blank_image", "width": 16, "height": 8}, "collect": {"type": "collect"}}
    run = Run(graph(nodes, "size.width -> collect.item", "size.height -> collect.item"))
    assert run.result("collect")["collection"] == [16, 16, 8, 8]
