"""The queue: which batches are accepted, the order of items, and operations on them."""

from __future__ import annotations

from invokable.testing import Simulator
from tests.testing.asking import ADD, BLANK, BROKEN, QUEUE, Asking, datum, edge


def test_an_item_runs_and_has_its_results_by_node(ask: Asking) -> None:
    answer = ask.enqueue({**BLANK, "s": {"id": "s", "type": "img_blur"}}, [edge("a", "image", "s", "image")])

    item = ask.wait(answer["item_ids"][0])

    session = item["session"]
    (blurred,) = session["source_prepared_mapping"]["s"]
    assert session["prepared_source_mapping"][blurred] == "s"
    assert session["results"][blurred]["width"] == 8
    assert item["started_at"] <= item["completed_at"]
    assert item["status_sequence"] == 2


def test_item_ids_come_newest_first_and_hold_the_items_of_earlier_posts_with_the_same_batch_id(ask: Asking) -> None:
    ask.simulator.pause()

    first = ask.enqueue(batch_id="mine", runs=2)
    second = ask.enqueue(batch_id="mine")

    assert first["item_ids"] == [2, 1]
    assert second["item_ids"] == [3, 2, 1]
    assert (second["enqueued"], second["requested"]) == (1, 1)
    assert ask.get(f"{QUEUE}/b/mine/status")["total"] == 3


def test_a_full_queue_silently_accepts_a_part() -> None:
    with Simulator(max_queue_size=5) as simulator:
        simulator.pause()
        ask = Asking(simulator)

        first, second = ask.enqueue(runs=8), ask.enqueue(runs=2)

    assert (first["enqueued"], first["requested"]) == (5, 8)
    assert (second["enqueued"], second["requested"], second["item_ids"]) == (0, 2, [])


def test_prepended_batches_run_first_and_others_in_the_order_of_their_ids(ask: Asking) -> None:
    ask.simulator.pause()
    ask.enqueue(runs=2)
    for priority in (1, 2):
        body = {"batch": {"graph": {"nodes": ADD}}, "prepend": True}
        answer = ask.http.post(f"{QUEUE}/enqueue_batch", json=body).json()
        assert answer["priority"] == priority

    assert ask.get(f"{QUEUE}/next")["item_id"] == 4
    ask.simulator.resume()
    ask.wait(2)

    started = sorted((ask.item(item_id)["started_at"], item_id) for item_id in (1, 2, 3, 4))
    in_order = [payload["item_id"] for name, payload in ask.simulator.events if payload.get("status") == "in_progress"]
    assert in_order == [4, 3, 1, 2]
    assert len(started) == 4


def test_values_that_do_not_fit_their_node_block_the_queue_until_they_are_canceled(ask: Asking) -> None:
    poison = ask.enqueue(batch_id="poison", data=[[datum(["hello"])]])["item_ids"][0]
    good = ask.enqueue()["item_ids"][0]

    for method, path in (("GET", f"/i/{poison}"), ("PUT", f"/i/{poison}/cancel"), ("GET", "/list_all")):
        assert ask.http.request(method, QUEUE + path).status_code == 500
    by_ids = ask.http.post(f"{QUEUE}/items_by_ids", json={"item_ids": [poison, good]}).json()
    assert [item["item_id"] for item in by_ids] == [good]
    summaries = ask.http.post(f"{QUEUE}/item_summaries_by_ids", json={"item_ids": [poison, good]}).json()
    assert [(item["item_id"], item["status"]) for item in summaries] == [(poison, "pending"), (good, "pending")]

    assert ask.put("/cancel_by_batch_ids", json={"batch_ids": ["poison"]}) == {"canceled": 1}
    ask.wait(good)


def test_booleans_in_batch_data_become_numbers_that_boolean_fields_take(ask: Asking) -> None:
    nodes = {"b": {"id": "b", "type": "boolean"}}
    answer = ask.enqueue(nodes, data=[[datum([True, False], "b", "value")]])

    item = ask.wait(answer["item_ids"][1])

    assert answer["batch"]["data"][0][0]["items"] == [1.0, 0.0]
    assert item["field_values"] == [{"node_path": "b", "field_name": "value", "value": 1.0}]
    assert next(iter(item["session"]["results"].values()))["value"] is True


def test_a_failing_node_fails_its_item_and_keeps_the_results_before_it(ask: Asking) -> None:
    nodes = {**BLANK, "w": {"id": "w", "type": "add"}, **BROKEN}
    item_id = ask.enqueue(nodes, [edge("a", "width", "w", "a"), edge("w", "value", "b", "radius")])["item_ids"][0]

    item = ask.wait(item_id, "failed")

    assert item["error_type"] == "MissingInputException"
    assert item["error_message"] == "Node img_blur missing value or connection for field image"
    assert item["error_message"] in item["error_traceback"]
    assert len(item["session"]["errors"]) == 1
    assert len(item["session"]["results"]) == 2


def test_retry_enqueues_failed_items_anew_and_names_only_the_old_ones(ask: Asking) -> None:
    done = ask.enqueue()["item_ids"][0]
    failed = ask.enqueue(BROKEN, batch_id="again")["item_ids"][0]
    ask.wait(done)
    ask.wait(failed, "failed")

    answer = ask.put("/retry_items_by_id", json=[failed, done, 99])

    assert answer == {"queue_id": "default", "retried_item_ids": [failed]}
    retried = ask.wait(failed + 1, "failed")
    assert retried["retried_from_item_id"] == failed
    assert retried["batch_id"] == "again"


def test_canceling_leaves_what_has_ended_as_it_is(ask: Asking) -> None:
    done = ask.enqueue()["item_ids"][0]
    ask.wait(done)

    assert ask.put(f"/i/{done}/cancel")["status"] == "completed"
    assert ask.http.put(f"{QUEUE}/i/99/cancel").status_code == 404


def test_bulk_operations_count_what_they_took(ask: Asking) -> None:
    ask.simulator.pause()
    ask.enqueue(destination="here", runs=2)
    ask.enqueue(destination="there", runs=3)

    assert ask.put("/cancel_by_destination", params={"destination": "here"}) == {"canceled": 2}
    assert ask.put("/prune") == {"deleted": 2}
    assert ask.http.delete(f"{QUEUE}/d/there").json() == {"deleted": 3}
    ask.enqueue(runs=4)
    assert ask.put("/cancel_all_except_current") == {"canceled": 4}
    assert ask.put("/delete_all_except_current") == {"deleted": 0}
    assert ask.put("/clear") == {"deleted": 4}
    assert ask.get(f"{QUEUE}/status")["queue"]["total"] == 0


def test_ids_are_never_used_again(ask: Asking) -> None:
    ask.simulator.pause()
    ask.enqueue(runs=2)
    ask.put("/clear")

    assert ask.enqueue()["item_ids"] == [3]


def test_the_list_by_destination_has_whole_items(ask: Asking) -> None:
    ask.simulator.pause()
    ask.enqueue()
    ask.enqueue(destination="mine", runs=2)

    items = ask.get(f"{QUEUE}/list_all", params={"destination": "mine"})

    assert [item["item_id"] for item in items] == [2, 3]
    assert items[0]["session"]["graph"]["nodes"]["c"]["b"] == 0


def test_an_item_of_another_queue_is_a_404_inside_a_500_and_runs_all_the_same(ask: Asking) -> None:
    body = {"batch": {"graph": {"nodes": ADD}}}
    item_id = ask.http.post("/api/v1/queue/other/enqueue_batch", json=body).json()["item_ids"][0]

    answer = ask.http.get(f"{QUEUE}/i/{item_id}")

    assert answer.status_code == 500
    assert answer.json()["detail"].endswith(f"404: Queue item with id {item_id} not found in queue default")
    assert ask.http.get(f"{QUEUE}/i/99").status_code == 404
    assert ask.get("/api/v1/queue/other/status")["queue"]["total"] == 1


def test_unknown_batches_count_nothing(ask: Asking) -> None:
    status = ask.get(f"{QUEUE}/b/nobody/status")

    assert (status["total"], status["origin"], status["destination"]) == (0, None, None)


def test_older_versions_answer_as_they_did() -> None:
    with Simulator("6.8.1") as simulator:
        ask = Asking(simulator)
        item = ask.wait(ask.enqueue()["item_ids"][0])

        assert "status_sequence" not in item
        assert "user_id" not in item
        assert "prepared_iteration_paths" not in item["session"]
        assert "waiting" not in ask.get(f"{QUEUE}/status")["queue"]
        assert ask.http.post(f"{QUEUE}/item_summaries_by_ids", json={"item_ids": [1]}).status_code == 405
        assert ask.http.get("/api/v1/nothing").status_code == 404
        assert ask.get(f"{QUEUE}/item_ids") == {"item_ids": [1], "total_count": 1}
