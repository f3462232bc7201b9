"""Waiting: it ends when every item has, and says how."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.runtime import RunCanceled, RunFailed, RunTimeout
from invokable.runtime.steps.protocol import Request, Response
from invokable.runtime.steps.wait import wait
from tests.runtime.driving import Driver, answer, in_turn


def item(status: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"item_id": number, "status": status, "session": {}, **more}


def test_one_item_is_asked_for_until_it_has_ended() -> None:
    done = item("completed")
    driver = Driver(in_turn(answer(item("pending")), answer(item("in_progress")), answer(done)))
    assert driver.drive(wait("b", [1], None, driver.clock)) == [done]
    assert len(driver.requests) == 3


def test_many_items_are_read_when_the_batch_is_done_in_their_order() -> None:
    counts = iter([{"pending": 2}, {"in_progress": 1}, {"waiting": 1}, {"completed": 3}])

    def reply(request: Request) -> Response:
        if request.path.endswith("/status"):
            return answer(next(counts))
        return answer(item("completed", int(request.path.rpartition("/")[2])))

    driver = Driver(reply)
    assert [found["item_id"] for found in driver.drive(wait("b", [7, 8, 9], None, driver.clock))] == [7, 8, 9]
    assert len(driver.requests) == 4 + 3


def test_a_failed_item_names_the_node_and_keeps_the_servers_words() -> None:
    session = {
        "errors": {"exec-1": "ValueError: bad"},
        "prepared_source_mapping": {"exec-1": "paste"},
        "graph": {"nodes": {"paste": {"type": "img_paste"}}},
    }
    failed = item(
        "failed", 4, session=session, error_type="ValueError", error_message="bad\nvalue", error_traceback="T"
    )
    with pytest.raises(RunFailed) as caught:
        (driver := Driver(in_turn(answer(failed)))).drive(wait("b", [4], None, driver.clock))
    error = caught.value
    assert (error.node_id, error.node_type, error.error_type, error.traceback) == (
        "paste",
        "img_paste",
        "ValueError",
        "T",
    )
    assert str(error) == "item 4: node 'paste' (img_paste) failed: ValueError: bad value"


def test_a_canceled_item_is_no_failure() -> None:
    with pytest.raises(RunCanceled) as caught:
        (driver := Driver(in_turn(answer(item("canceled", 5))))).drive(wait("b", [5], None, driver.clock))
    assert caught.value.item_ids == (5,)


@pytest.mark.parametrize("gone", [answer({"detail": "Not Found"}, 404), answer({"detail": "404: no item"}, 500)])
def test_an_item_that_was_removed_does_not_hang(gone: Response) -> None:
    with pytest.raises(RunCanceled, match="no longer"):
        (driver := Driver(in_turn(gone))).drive(wait("b", [5], None, driver.clock))


def test_the_time_given_is_kept_and_the_items_are_named() -> None:
    driver = Driver(lambda _: answer(item("in_progress")))
    with pytest.raises(RunTimeout) as caught:
        driver.drive(wait("b", [1], 5.0, driver.clock))
    assert driver.slept == pytest.approx(5.0, abs=0.1)
    assert (caught.value.batch_id, caught.value.item_ids) == ("b", (1,))


def test_looks_become_rarer() -> None:
    driver = Driver(lambda _: answer(item("in_progress")))
    with pytest.raises(RunTimeout):
        driver.drive(wait("b", [1], 600.0, driver.clock))
    assert len(driver.requests) < 330
