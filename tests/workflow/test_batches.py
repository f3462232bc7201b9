"""Batch nodes in the enqueue body."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.workflow import BatchDatum, Reading, WorkflowFileError
from invokable.workflow import batches as batches_module
from invokable.workflow.batch_data import batch_data
from tests.workflow.builders import UNSET, Json, connector, edge, node, read, workflow

ADD = node("a", "add")


def data_of(reading: Reading, **options: Any) -> list[list[dict[str, object]]]:
    return list(map(list, batch_data(reading.batches, **options)))


def batch(node_id: str, group: Any, *values: int) -> Json:
    return node(node_id, "integer_batch", batch_group_id=group, integers=list(values))


def batches(*nodes: Json, edges: list[Json], lenient: bool = False) -> list[list[tuple[str, Any]]]:
    reading = read(workflow(ADD, node("m", "add"), *nodes, edges=edges), lenient=lenient)
    data: Any = data_of(reading)
    return [[(f"{d['node_path']}.{d['field_name']}", d.get("items", "later")) for d in group] for group in data]


def test_ungrouped_batches_are_multiplied() -> None:
    edges = [edge("b.value", "a.a"), edge("c.value", "a.b")]
    assert batches(batch("b", "None", 1, 2), batch("c", "None", 3), edges=edges) == [
        [("a.a", [1, 2])],
        [("a.b", [3])],
    ]


def test_one_batch_may_feed_many_fields() -> None:
    edges = [edge("b.value", "a.a"), edge("b.value", "m.b")]
    assert batches(batch("b", "None", 1), edges=edges) == [[("a.a", [1]), ("m.b", [1])]]


@pytest.mark.parametrize("group", ["Group 1", "Group 9", UNSET, 7])
def test_batches_of_one_group_are_zipped(group: Any) -> None:
    edges = [edge("c.value", "a.b"), edge("b.value", "a.a")]
    assert batches(batch("b", group, 1, 2), batch("c", group, 3, 4), edges=edges) == [
        [("a.a", [1, 2]), ("a.b", [3, 4])]
    ]


def test_groups_come_in_the_order_of_their_first_node() -> None:
    nodes = [batch("b", "Group 2", 1), batch("c", "None", 2), batch("d", "Group 2", 3), batch("e", "0", 4)]
    edges = [edge("b.value", "a.a"), edge("c.value", "a.b"), edge("d.value", "m.a"), edge("e.value", "m.b")]
    # A name that is a number comes first, as in the editor's JavaScript object.
    assert batches(*nodes, edges=edges) == [[("m.b", [4])], [("a.a", [1]), ("m.a", [3])], [("a.b", [2])]]


def test_a_batch_that_feeds_nothing_adds_nothing_but_a_warning() -> None:
    nodes = batch("b", "None", 1), batch("c", "Group 1", 2), batch("d", "Group 1", 3)
    reading = read(workflow(ADD, *nodes, edges=[edge("d.value", "a.a")]))
    assert data_of(reading) == [[{"node_path": "a", "field_name": "a", "items": [3]}]]
    assert [warning.pointer for warning in reading.warnings] == ["/nodes/1/data", "/nodes/2/data"]
    assert reading.warnings[0].message.startswith("node integer_batch feeds nothing, so its values are not used;")


def test_a_batch_cannot_feed_a_connector() -> None:
    nodes, edges = (batch("b", "None", 1), connector("k")), [edge("b.value", "k.in"), edge("k.out", "a.a")]
    with pytest.raises(WorkflowFileError, match="feeds a connector") as caught:
        batches(*nodes, edges=edges)
    assert caught.value.pointer == "/edges/0"
    assert batches(*nodes, edges=edges, lenient=True) == [[("k.in", [1])]]


GENERATOR = {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 5, "count": 3}


def generated(value: Any, *more: Json, edges: list[Json] | None = None, lenient: bool = False) -> Any:
    nodes = (ADD, node("g", "integer_generator", generator=value), batch("b", "None", 1), *more)
    wires = edges or [edge("g.integers", "b.integers")]
    return read(workflow(*nodes, edges=[*wires, edge("b.value", "a.a")]), lenient=lenient)


def test_a_generator_replaces_the_values_of_the_batch_node() -> None:
    reading = generated(GENERATOR)
    assert data_of(reading) == [[{"node_path": "a", "field_name": "a", "items": [0, 5, 10]}]]
    assert reading.batches[0].data == (BatchDatum("a", "a", "g", "generator", [], GENERATOR),)


def test_a_generator_is_found_through_connectors() -> None:
    edges = [edge("g.integers", "k.in"), edge("k.out", "b.integers")]
    assert generated(GENERATOR, connector("k"), edges=edges).batches[0].data[0].source_node == "g"


def test_the_batch_nodes_own_values_name_their_field() -> None:
    reading = read(workflow(ADD, batch("b", "None", 1), edges=[edge("b.value", "a.a")]))
    datum = reading.batches[0].data[0]
    assert (datum.source_node, datum.source_field, datum.items) == ("b", "integers", [1])


def test_random_numbers_without_a_seed_are_left_to_the_run() -> None:
    value = {"type": "integer_generator_random_distribution_uniform", "min": 1, "max": 6, "count": 3}
    reading = generated(value)
    request = {"kind": "random", "generator": value}
    assert data_of(reading) == [[{"node_path": "a", "field_name": "a", "resolve": request}]]
    assert reading.batches[0].data[0].generator == value


@pytest.mark.parametrize("value", [UNSET, {"type": "float_generator_parse_string", "input": "1", "splitOn": ","}])
def test_a_generator_that_gives_no_values_is_refused_unless_lenient(value: Any) -> None:
    with pytest.raises(WorkflowFileError, match="gives no values") as caught:
        generated(value)
    assert caught.value.pointer == "/nodes/1/data/inputs/generator"
    assert data_of(generated(value, lenient=True)) == [[{"node_path": "a", "field_name": "a", "items": []}]]


def test_settings_that_the_editor_reads_as_a_board_are_refused_unless_lenient() -> None:
    value = {"type": "image_generator_images_from_board", "board_id": "b", "category": "images"}
    nodes = node("g", "image_generator", generator=value), node("b", "image_batch"), node("r", "img_resize")
    document = workflow(*nodes, edges=[edge("g.images", "b.images"), edge("b.image", "r.image")])
    with pytest.raises(WorkflowFileError, match="the editor reads settings with a board as the board alone") as caught:
        read(document)
    assert caught.value.pointer == "/nodes/0/data/inputs/generator"
    assert data_of(read(document, lenient=True)) == [[{"node_path": "r", "field_name": "image", "items": []}]]


def test_an_endless_generator_is_refused() -> None:
    with pytest.raises(WorkflowFileError, match="at most"):
        generated(GENERATOR | {"count": 10**12})


def test_values_of_the_wrong_type_are_refused() -> None:
    wrong = node("b", "integer_batch", batch_group_id="None", integers=[1.5])
    with pytest.raises(WorkflowFileError, match="wrong type"):
        batches(wrong, edges=[edge("b.value", "a.a")])


def test_images_leave_an_image_batch_by_their_own_output() -> None:
    images = [{"image_name": "a.png"}]
    nodes = (node("b", "image_batch", batch_group_id="None", images=images), node("p", "img_blur"))
    reading = read(workflow(*nodes, edges=[edge("b.image", "p.image")]))
    assert data_of(reading) == [[{"node_path": "p", "field_name": "image", "items": images}]]


def shortened(count: int, node_id: str, field: str) -> dict[str, object]:
    return {"count": count, "source": {"node_id": node_id, "field": field}}


def test_lists_that_do_not_fit_are_counted() -> None:
    nodes = [batch("b", "Group 1", *range(100)), batch("c", "Group 1", 1, 2), node("n", "add")]
    edges = [edge("b.value", "a.a"), edge("b.value", "a.b"), edge("c.value", "n.a"), edge("c.value", "n.b")]
    reading = read(workflow(ADD, *nodes, edges=edges))
    ((first, second, third, fourth),) = data_of(reading, room=700)
    assert first == {"node_path": "a", "field_name": "a", "items": list(range(100))}
    assert second == {"node_path": "a", "field_name": "b"} | shortened(100, "b", "integers")
    assert (third["items"], fourth["items"]) == ([1, 2], [1, 2])
    assert data_of(reading)[0][1]["items"] == list(range(100))


def test_the_items_of_a_generator_that_do_not_fit_are_counted_without_making_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("invokable.workflow.batch_data.expand", None)
    ((datum,),) = data_of(generated(GENERATOR | {"count": 50_000}), room=100_000)
    assert datum == {"node_path": "a", "field_name": "a"} | shortened(50_000, "g", "generator")


def test_a_list_with_long_texts_does_not_fit_into_little_room() -> None:
    texts = node("b", "string_batch", batch_group_id="None", strings=["x" * 1_000])
    reading = read(workflow(texts, node("s", "string"), edges=[edge("b.value", "s.value")]))
    ((datum,),) = data_of(reading, room=1_000)
    assert datum["count"] == 1


def test_a_generator_that_feeds_many_batch_nodes_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    monkeypatch.setattr(batches_module, "check", checked.append)
    edges = [edge("g.integers", "b.integers"), edge("g.integers", "c.integers")]
    generated(GENERATOR, batch("c", "None", 1), edges=edges)
    assert checked == [GENERATOR]
