"""Run items: the queue items of a run, from several versions of the server."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from invokable import APIError, ConnectionError, NotInvokeAIError, Submission  # noqa: A004
from invokable.runtime.client._async.item_reader import AsyncItemReader
from invokable.runtime.client._sync import item_reader
from invokable.runtime.client._sync.item_reader import ItemReader
from invokable.runtime.steps.exchange.protocol import ReadItems, Request, Response
from invokable.runtime.steps.resources.run_items import (
    batch_status,
    cancel_batches,
    cancel_items,
    items_by_id,
    items_of_batch,
    latest_of,
    listed_items,
    summaries_by_id,
)
from invokable.runtime.steps.resources.server_cache import ServerCache
from tests.runtime.driving import Driver, answer, page

SUBMISSION = Submission("m:C", "b", "d", 2)


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"item_id": number, "batch_id": "b", "status": "completed", **more}


def test_many_items_are_requested_a_hundred_at_a_time() -> None:
    driver = Driver(lambda request: answer([item(number) for number in request.json["item_ids"]]))
    found = driver.drive(items_by_id(range(1, 251), ServerCache()))
    assert list(found) == list(range(1, 251))
    assert [len(request.json["item_ids"]) for request in driver.requests] == [100, 100, 50]


def test_runs_whose_reads_fail_together_get_an_error_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_reader, "_DELAY", 0.2)
    both = threading.Barrier(2)

    def fail(step: ReadItems) -> dict[int, Any]:
        raise APIError(403, "not yours", method="POST", url="http://server")

    def read(reader: ItemReader) -> APIError:
        both.wait(10)
        with pytest.raises(APIError, match="not yours") as caught:
            reader.read(ReadItems(items_by_id, (1,), cache))
        return caught.value

    reader, cache = ItemReader(fail), ServerCache()
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(read, [reader, reader])
    assert one is not other  # each carries its own submission


def test_a_read_that_fails_after_everybody_gave_up_is_not_reported_by_asyncio() -> None:
    reported: list[Any] = []

    async def fail(step: ReadItems) -> dict[int, Any]:
        raise APIError(403, "not yours", method="POST", url="http://server")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        with pytest.raises(ConnectionError, match="in time"):
            await AsyncItemReader(fail).read(ReadItems(items_by_id, (1,), ServerCache(), timeout=0.001))
        await asyncio.sleep(0.1)
        gc.collect()

    asyncio.run(main())
    assert reported == []


@pytest.mark.parametrize(
    "garbled", [page(), answer({"hello": "world"}), Response(200, "application/json", b"", "PUT", "")]
)
def test_a_cancellation_is_repeated_until_its_answer_can_be_read(garbled: Response) -> None:
    answers = [garbled, answer({"canceled": 2})]
    driver = Driver(lambda request: answers.pop(0))
    assert driver.drive(cancel_batches(["b"])) == 2


@pytest.mark.parametrize("refusal", [answer({"detail": "Method Not Allowed"}, 405), page(404)])
def test_servers_before_6_7_are_asked_one_by_one_from_then_on(refusal: Response) -> None:
    def reply(request: Request) -> Response:
        return refusal if request.method == "POST" else answer(item(int(request.path.rpartition("/")[2])))

    driver, cache = Driver(reply), ServerCache()
    for _ in range(2):
        assert list(driver.drive(items_by_id([7, 8], cache))) == [7, 8]
    assert len(driver.asked("POST")) == 1


@pytest.mark.parametrize(
    "gone",
    [
        answer({"detail": "Queue item with id 5 not found in queue default"}, 404),
        answer({"detail": "Unexpected error: 404: Queue item with id 5 not found in queue default"}, 500),
    ],
)
def test_a_missing_item_is_left_out(gone: Response) -> None:
    assert Driver(lambda _: gone).drive(items_by_id([5], ServerCache())) == {}


def test_an_error_with_404_in_its_message_is_an_error() -> None:
    broken = answer({"detail": "item 1404: database is locked"}, 500)
    with pytest.raises(APIError, match="database is locked"):
        Driver(lambda _: broken).drive(items_by_id([1404], ServerCache()))


def test_the_items_of_a_run_are_listed_by_its_destination_oldest_first() -> None:
    rows = [item(3), item(1), item(4, retried_from_item_id=1), item(5, parent_item_id=3)]
    driver = Driver(lambda _: answer(rows))
    assert [found.item_id for found in driver.drive(listed_items(SUBMISSION))] == [1, 3, 4]
    assert driver.requests[0].params == {"destination": "d"}


def test_the_items_of_another_batch_are_not_those_of_a_run() -> None:
    with pytest.raises(NotInvokeAIError, match="the answer is about 'e' instead of 'd'"):
        Driver(lambda _: answer([item(1, destination="e")])).drive(listed_items(SUBMISSION))
    rows = [item(1, destination="d"), item(2, destination="d") | {"batch_id": "c"}]
    assert [found.item_id for found in Driver(lambda _: answer(rows)).drive(listed_items(SUBMISSION))] == [1]


def test_the_status_of_another_batch_is_refused() -> None:
    counts = dict.fromkeys(("pending", "in_progress", "completed", "failed", "canceled", "total"), 0)
    assert Driver(lambda _: answer({"batch_id": "b", **counts})).drive(batch_status("b")).total == 0
    with pytest.raises(NotInvokeAIError, match="the answer is about 'c' instead of 'b'"):
        Driver(lambda _: answer({"batch_id": "c", **counts})).drive(batch_status("b"))


def test_another_item_is_refused() -> None:
    with pytest.raises(NotInvokeAIError, match="the answer is about 9 instead of 5"):
        Driver(lambda _: answer(item(9))).drive(items_by_id([5], ServerCache()))


def test_a_duplicate_is_canceled_again_if_the_answer_is_about_another_item() -> None:
    replies = iter([answer(item(9)), answer(item(2)), answer(item(9)), answer(item(1))])
    driver = Driver(lambda _: next(replies))
    driver.drive(cancel_items([1, 2]))
    assert [path.split("/")[-2] for path in driver.asked("PUT")] == ["1", "2", "1", "1"]


def test_servers_before_6_0_list_pages_of_all_items() -> None:
    def reply(request: Request) -> Response:
        if request.path.endswith("/list_all"):
            return answer({"detail": "Not Found"}, 404)
        first = "cursor" not in request.params
        items = [item(9, priority=0), item(8, batch_id="other")] if first else [item(7)]
        return answer({"items": items, "has_more": first, "limit": 200})

    driver = Driver(reply)
    assert [found.item_id for found in driver.drive(listed_items(SUBMISSION))] == [7, 9]
    assert driver.requests[-1].params == {"limit": 200, "cursor": 8, "priority": 0}


ROWS = [
    item(1, status="failed"),
    item(2),
    item(3, status="failed", retried_from_item_id=1),
    item(4, batch_id="other"),
    item(5, parent_item_id=2),
    item(6, retried_from_item_id=1),
]


@pytest.mark.parametrize("version", ["6.14", "6.8", "6.0"])
def test_a_batch_of_unknown_destination_is_found_with_the_last_retry_of_each_item(version: str) -> None:
    def reply(request: Request) -> Response:
        name = request.path.rpartition("/")[2]
        if name == "list":
            return answer({"items": ROWS, "has_more": False, "limit": 200})
        if name == "item_ids":
            return page(404) if version == "6.0" else answer({"item_ids": [row["item_id"] for row in ROWS]})
        if name == "item_summaries_by_ids" and version != "6.14":
            return answer({"detail": "Method Not Allowed"}, 405)
        found = [row for row in ROWS if row["item_id"] in request.json["item_ids"]]
        return answer([summary(row) for row in found] if name == "item_summaries_by_ids" else found)

    assert Driver(reply).drive(items_of_batch("b", ServerCache())) == [6, 2]


def test_of_a_retry_that_arrived_twice_the_first_one_counts() -> None:
    rows = [
        item(1, status="canceled"),
        item(2, status="failed"),
        item(3, status="in_progress", retried_from_item_id=1),
        item(4, status="failed", retried_from_item_id=2),
        item(5, status="pending", retried_from_item_id=1),
        item(6, status="canceled", retried_from_item_id=2),
    ]
    found = Driver(lambda _: answer(rows)).drive(listed_items(SUBMISSION))
    assert [item.item_id for item in latest_of(found)] == [3, 6]


def summary(row: dict[str, Any]) -> dict[str, Any]:
    """The summary of an item, which does not show retries."""
    return {name: value for name, value in row.items() if name not in ("session", "retried_from_item_id")}


@pytest.mark.parametrize("summaries", [True, False])
def test_statuses_are_requested_as_summaries_if_possible(summaries: bool) -> None:
    def reply(request: Request) -> Response:
        if request.path.endswith("/item_summaries_by_ids") and not summaries:
            return answer({"detail": "Method Not Allowed"}, 405)
        return answer([row for row in ROWS if row["item_id"] in request.json["item_ids"]])

    driver, cache = Driver(reply), ServerCache()
    for _ in range(2):
        found = driver.drive(summaries_by_id([1, 2, 99], cache))
        assert {item_id: item.status for item_id, item in found.items()} == {1: "failed", 2: "completed"}
    assert len(driver.requests) == (2 if summaries else 3)
