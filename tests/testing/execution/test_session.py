"""A session: what runs and when, its events, and its document."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from invokable.testing.execution import Completed, Failed, InvocationCache, Progress, Session, Started
from tests.testing.execution.running import SCHEMA, Memory, Run, graph, run_node

BRANCHES: dict[str, dict[str, Any]] = {
    "yes": {"type": "integer", "value": 1},
    "no": {"type": "integer", "value": 2},
    "shared": {"type": "integer", "value": 3},
    "chosen": {"type": "if"},
    "sum": {"type": "add"},
}
BRANCH_EDGES = ("yes.value -> chosen.true_input", "no.value -> chosen.false_input", "chosen.value -> sum.a")


def test_events_tell_of_each_node() -> None:
    run = run_node("blank_image", width=8, height=8)
    started, saving, completed = run.events
    assert isinstance(started, Started)
    assert started.invocation["width"] == 8
    assert isinstance(saving, Progress)
    assert (saving.message, saving.percentage) == ("Saving image", None)
    assert isinstance(completed, Completed)
    assert completed.result == {
        "output_meta": None,
        "image": {"image_name": "image-0.png"},
        "width": 8,
        "height": 8,
        "type": "image_output",
    }
    assert {event.exec_id for event in run.events} == set(run.document["prepared_source_mapping"])


def test_a_caller_may_stop_at_any_event() -> None:
    document = graph({"a": {"type": "integer"}, "b": {"type": "add"}}, "a.value -> b.a")
    session = Session(document, services=Memory(), schema=SCHEMA, session_id="s")
    next(session.run())
    assert session.to_json()["results"] == {}


def test_the_graph_is_normalised() -> None:
    run = Run(graph({"node": {"type": "float", "value": 3, "unheard_of": 1}}))
    assert run.document["graph"]["nodes"]["node"] == {
        "id": "node",
        "is_intermediate": False,
        "use_cache": True,
        "value": 3.0,
        "type": "float",
    }
    assert isinstance(run.document["graph"]["nodes"]["node"]["value"], float)


def test_the_document_is_json_and_has_what_the_server_has() -> None:
    document = json.loads(json.dumps(Run(graph(BRANCHES, *BRANCH_EDGES)).document))
    assert list(document) == [
        "id",
        "graph",
        "execution_graph",
        "executed",
        "executed_history",
        "results",
        "errors",
        "workflow_call_stack",
        "workflow_call_history",
        "max_workflow_call_depth",
        "prepared_source_mapping",
        "source_prepared_mapping",
        "prepared_iteration_paths",
        "ready_order",
        "indegree",
    ]


def test_one_session_id_gives_one_document_and_another_gives_others() -> None:
    document = graph(BRANCHES, *BRANCH_EDGES)
    assert Run(document).document == Run(document).document
    assert Run(document).document != Run(document, session_id="other").document


@pytest.mark.parametrize(("condition", "value", "skipped"), [(True, 1, "no"), (False, 2, "yes")])
def test_the_branch_that_is_not_taken_does_not_run(condition: bool, value: int, skipped: str) -> None:
    nodes = {**BRANCHES, "chosen": {"type": "if", "condition": condition}}
    run = Run(graph(nodes, *BRANCH_EDGES))
    assert run.result("sum")["value"] == value
    assert run.results(skipped) == []
    assert skipped in run.document["executed_history"]


def test_what_both_branches_or_others_need_runs_whatever_the_condition() -> None:
    edges = (*BRANCH_EDGES, "no.value -> sum.b")
    assert Run(graph({**BRANCHES, "chosen": {"type": "if", "condition": True}}, *edges)).result("sum")["value"] == 3


def test_the_last_of_two_edges_into_one_input_wins() -> None:
    run = Run(graph({**BRANCHES}, "yes.value -> sum.a", "no.value -> sum.a"))
    assert run.result("sum")["value"] == 2


def test_an_edge_wins_over_a_literal() -> None:
    nodes = {"a": {"type": "integer", "value": 4}, "b": {"type": "add", "a": 100, "b": 1}}
    assert Run(graph(nodes, "a.value -> b.a")).result("b")["value"] == 5


def test_numbers_become_what_the_field_takes() -> None:
    nodes: dict[str, dict[str, Any]] = {
        "int": {"type": "integer", "value": 7},
        "float": {"type": "float", "value": 2},
        "text": {"type": "string_join"},
        "half": {"type": "float_math", "operation": "DIV", "b": 2},
    }
    run = Run(graph(nodes, "int.value -> text.string_left", "float.value -> text.string_right", "int.value -> half.a"))
    assert run.result("text")["value"] == "72.0"
    assert run.result("half")["value"] == 3.5


@pytest.mark.parametrize(
    ("node", "error_type", "message"),
    [
        ({"type": "img_blur"}, "MissingInputException", "Node img_blur missing value or connection for field image"),
        ({"type": "l2i"}, "RequiredConnectionException", "Node l2i missing connections for field latents"),
        ({"type": "div", "a": 1, "b": 0}, "ZeroDivisionError", "division by zero"),
        (
            {"type": "img_blur", "image": {"image_name": "none.png"}},
            "ImageRecordNotFoundException",
            "Image record not found",
        ),
        (
            {"type": "call_saved_workflow"},
            "ValueError",
            "A saved workflow must be selected before executing call_saved_workflow.",
        ),
        (
            {"type": "integer_batch", "integers": [1]},
            "NotExecutableNodeError",
            "This node cannot be executed directly.",
        ),
    ],
)
def test_a_failure_has_the_words_of_the_server(node: dict[str, Any], error_type: str, message: str) -> None:
    run = Run(graph({"node": node}))
    assert run.failed
    assert (run.failed.error_type, run.failed.error_message) == (error_type, message)
    assert run.failed.traceback.endswith(f"{error_type}: {message}\n")
    assert run.document["errors"] == {run.failed.exec_id: f"{error_type}: {message}"}


def test_a_failure_ends_the_session_and_keeps_what_was_done() -> None:
    nodes = {"a": {"type": "integer"}, "bad": {"type": "div"}, "after": {"type": "add"}}
    run = Run(graph(nodes, "a.value -> bad.b", "bad.value -> after.a"))
    assert run.failed
    assert run.result("a")["value"] == 0
    assert run.results("after") == []
    assert run.document["executed_history"] == ["a"]


@pytest.mark.parametrize(
    ("node", "field"),
    [
        ({"type": "img_resize", "height": 8}, "width"),
        ({"type": "integer_math", "operation": "MOD"}, "b"),
        ({"type": "float_math", "operation": "DIV"}, "b"),
        ({"type": "range"}, "stop"),
        ({"type": "calculate_image_tiles"}, "tile_width"),
    ],
)
def test_a_value_that_an_edge_brings_is_checked_before_the_node_starts(node: dict[str, Any], field: str) -> None:
    run = Run(graph({"zero": {"type": "integer"}, "node": node}, f"zero.value -> node.{field}"))
    assert run.failed
    assert run.failed.error_type == "NodeInputError"
    assert run.failed.error_message == f"Node {run.failed.exec_id} has invalid incoming input for {field}"
    assert not any(isinstance(event, Started) and event.source_id == "node" for event in run.events)


def test_a_model_that_is_not_there_fails_the_loader() -> None:
    model = {"key": "gone", "hash": "h", "name": "n", "base": "sd-1", "type": "main"}
    run = Run(graph({"node": {"type": "main_model_loader", "model": model}}), Memory(models=[]))
    assert run.failed
    assert run.failed.error_message == "Unknown model gone"


def test_an_image_belongs_to_its_node_and_session() -> None:
    node = {"board": {"board_id": "holiday"}, "metadata": {"seed": 3}, "is_intermediate": True}
    run = run_node("blank_image", width=8, height=8, **node)
    (owner,) = run.services.saved.values()
    assert owner == {
        "node_id": run.events[0].exec_id,
        "session_id": "session",
        "is_intermediate": True,
        "board_id": "holiday",
        "metadata": {"seed": 3},
    }


# ----------------------------------------------------------------- the cache


def cached_twice(**second: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    services, cache = Memory(), InvocationCache()
    node = {"type": "blank_image", "width": 8, "height": 8}
    first = Run(graph({"node": node}), services, cache=cache, session_id="1")
    again = Run(graph({"node": {**node, **second}}), services, cache=cache, session_id="2")
    return first.result("node"), again.result("node")


def test_an_identical_node_of_a_later_session_gives_the_same_image() -> None:
    first, again = cached_twice()
    assert first == again


@pytest.mark.parametrize("change", [{"use_cache": False}, {"width": 9}, {"is_intermediate": True}])
def test_any_other_node_makes_its_own(change: dict[str, Any]) -> None:
    first, again = cached_twice(**change)
    assert first["image"] != again["image"]


def test_a_deleted_image_is_forgotten() -> None:
    services, cache = Memory(), InvocationCache()
    document = graph({"node": {"type": "blank_image", "width": 8, "height": 8}})
    first = Run(document, services, cache=cache).result("node")
    cache.forget(first["image"]["image_name"])
    assert Run(document, services, cache=cache).result("node")["image"] != first["image"]


def test_a_full_cache_forgets_what_was_used_longest_ago() -> None:
    cache = InvocationCache(max_size=2)
    for value in (1, 2, 1, 3):
        Run(graph({"node": {"type": "integer", "value": value}}), cache=cache)
    assert (cache.hits, cache.misses, len(cache)) == (1, 3, 2)
    Run(graph({"node": {"type": "integer", "value": 1}}), cache=cache)
    assert cache.hits == 2


def test_cached_placeholders_keep_what_they_stand_for() -> None:
    services, cache = Memory(), InvocationCache()
    document = graph(
        {"noise": {"type": "noise", "width": 64, "height": 128}, "half": {"type": "lscale", "scale_factor": 0.5}},
        "noise.noise -> half.latents",
    )
    Run(document, services, cache=cache, session_id="1")
    document["nodes"]["half"]["scale_factor"] = 2
    again = Run(document, services, cache=cache, session_id="2")
    assert (again.result("half")["width"], again.result("half")["height"]) == (128, 256)


# ----------------------------------------------------------------------- speed


def test_a_small_graph_costs_next_to_nothing() -> None:
    document = graph({"node": {"type": "integer", "value": 1}})
    times = [0.0]
    for number in range(200):
        times.append(time.perf_counter())
        Run(document, session_id=str(number))
    assert sorted(after - before for before, after in pairwise(times[1:]))[100] < 0.001


def test_a_failure_is_the_last_event() -> None:
    assert isinstance(run_node("img_blur").events[-1], Failed)


def test_images_of_a_session_are_its_own_copies() -> None:
    services = Memory()
    given = services.keep(Image.new("RGB", (8, 8)))
    run = run_node("save_image", services, image=given)
    assert run.image("node") is not services.images["given.png"]
