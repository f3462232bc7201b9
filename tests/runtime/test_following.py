"""Following a run by the server's events: what they report is not requested, and what they miss is not lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from invokable import (
    ConnectionError,  # noqa: A004
    Ended,
    EnqueueUncertain,
    InvokableError,
    NodeFinished,
    NodeStarted,
    Queued,
    QueueFullError,
    RunCanceled,
    RunFailed,
    RunInterrupted,
    RunTimeout,
    Started,
)
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.protocol import Request, Response, ServerEvent
from invokable.runtime.steps.exchange.server_events import CANCELED_HERE
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.run import Context, RunOptions, cancel, finish, follow, run, run_again
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.status import finished_part
from invokable.runtime.values.pins import pins_of
from tests.effort import slow_beyond
from tests.runtime.driving import answer
from tests.runtime.driving_with_events import EventDriver
from tests.runtime.runs import card, cards, submitted
from tests.runtime.server import Server, misnaming


class Following:
    """A run that is followed by events, and how it ended."""

    def __init__(
        self, flow: Any, server: Server | None = None, *, timeout: float | None = None, **options: Any
    ) -> None:
        self.server = server or Server()
        self.driver = EventDriver(self.server)
        self.context = Context(ServerCache(), None)
        self.flow = flow
        self.timeout = timeout
        self.options = RunOptions(**options)

    def result(self) -> Any:
        deadline = Deadline.after(self.timeout, self.driver.clock)
        return self.driver.drive(run(self.flow, self.context, deadline, self.options))

    def outcome(self) -> Any:
        try:
            return self.result()
        except InvokableError as error:
            return error

    def asked(self) -> list[str]:
        """The requests, except the one for the size of the queue, which a client sends once."""
        asked = [f"{request.method} {request.path.rpartition('/')[2]}" for request in self.driver.requests]
        return [request for request in asked if request != "GET runtime_config"]

    def at(self, when: float, happens: Callable[[], None]) -> None:
        """Let something happen to the queue at a certain time."""
        advance, pending = self.server.advance, [happens]

        def advancing() -> None:
            advance()
            if pending and self.driver.now >= when:
                pending.pop()()

        self.server.advance = advancing  # type: ignore[method-assign]


@pytest.mark.parametrize("late", [3.4, 6.5, 9.5, 14.6])
def test_a_short_duplicate_that_arrives_after_the_run_is_canceled(late: float) -> None:
    run = Following(card(), Server(seconds=0.2))
    run.server.fates = {"enqueue_batch": ["after"]}

    def arrive_again() -> None:
        (post,) = (request for request in run.driver.requests if "enqueue_batch" in request.path)
        run.server._later.append((late, post))

    run.at(1.0, arrive_again)
    assert run.result().card
    run.server.settle()
    assert len(run.server.rows) == 2
    assert run.server.ran.total() == 1


# --- while events arrive ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 5])
def test_a_run_takes_one_request_and_ends_with_its_last_event(count: int) -> None:
    following = Following(cards(count))
    result = following.result()
    assert [image.name for image in result.card] == [f"[{64 * number}].png" for number in range(1, count + 1)]
    assert following.asked() == ["POST enqueue_batch"]
    assert following.driver.now < count * 1.0 + 0.1


@pytest.mark.parametrize("wrong", [{1: 11, 2: 12, 3: 13}, {2: 12}, {1: 2, 2: 3, 3: 4}], ids=str)
def test_items_that_are_not_of_the_batch_are_looked_up_when_events_show_others(wrong: dict[int, int]) -> None:
    following = Following(cards(3), timeout=60, watched=True)
    following.driver.reply = misnaming(following.server, wrong)
    result = following.result()
    assert [image.name for image in result.card] == ["[64].png", "[128].png", "[192].png"]
    assert result.item_ids == [1, 2, 3]
    for item_id in (1, 2, 3):
        own = [type(event) for event in following.driver.reported if event.item_id == item_id]
        own = [kind for kind in own if kind is not Queued]
        assert own == [Started, *[NodeStarted, NodeFinished] * 4, Ended]
    assert following.driver.now < 4


def test_while_events_arrive_a_long_run_is_polled_every_ten_to_thirty_seconds() -> None:
    following = Following(card(), Server(seconds=295))
    following.result()
    looks = following.asked().count("POST item_summaries_by_ids")
    assert following.asked() == ["POST enqueue_batch", *["POST item_summaries_by_ids"] * looks]
    assert 295 / 30 <= looks <= 295 / 10


@pytest.mark.parametrize(("runs", "least", "most"), [(10, 10, 30), (200, 40, 50), (10_000, 60, 70)])
def test_many_runs_are_polled_less_often(runs: int, least: float, most: float) -> None:
    following = Following(card(), Server(seconds=595))
    following.driver.runs = runs
    following.result()
    looks = following.asked().count("POST item_summaries_by_ids")
    assert 595 / most - 1 <= looks <= 595 / least


@pytest.mark.parametrize(("begin", "end"), [(0.0, 60.0), (0.5, 60.0), (0.5, 1.2), (0.0, 0.3)])
def test_lost_events_cost_time_but_no_result(begin: float, end: float) -> None:
    following = Following(cards(2))
    following.driver.lossy = [(begin, end)]
    result = following.result()
    assert len(result.card) == 2
    assert following.driver.now < 16


@pytest.mark.parametrize(("begin", "end"), [(0.5, 1.5), (0.5, 2.5), (0.0, 0.7), (0.0, 900.0)])
def test_a_run_is_polled_while_the_connection_is_down(begin: float, end: float) -> None:
    following = Following(cards(3))
    following.driver.disconnected = [(begin, end)]
    result = following.result()
    assert len(result.card) == 3
    assert following.driver.now < 3 + 0.6
    assert len(following.asked()) > 1


def test_events_are_used_again_when_the_connection_is_back() -> None:
    following = Following(card(), Server(seconds=100))
    following.driver.disconnected = [(1.0, 4.0)]
    following.result()
    assert following.driver.now < 100.1
    assert len(following.asked()) < 25


@pytest.mark.parametrize("begin", [90.0, 91.3, 92.7, 94.1, 95.9, 97.0, 98.8, 99.9])
def test_items_that_ended_while_the_connection_was_down_are_found_when_it_is_back(begin: float) -> None:
    following = Following(card(), Server(seconds=100))
    following.driver.disconnected = [(begin, 100.05)]
    following.result()
    assert following.driver.now < 100.3


def test_duplicate_events_count_once() -> None:
    following = Following(cards(2), watched=True)
    say = following.server._say

    def twice(*arguments: Any, **content: Any) -> None:
        say(*arguments, **content)
        say(*arguments, **content)

    following.server._say = twice  # type: ignore[method-assign]
    assert len(following.result().card) == 2
    told = following.driver.reported
    assert [event.item_id for event in told if isinstance(event, Started)] == [1, 2]
    assert [event.item_id for event in told if isinstance(event, Ended)] == [1, 2]
    finished = [(event.item_id, event.node_id) for event in told if isinstance(event, NodeFinished)]
    assert len(finished) == len(set(finished)) == 8


def test_events_are_reported_in_order() -> None:
    following = Following(cards(2), watched=True)
    following.result()
    first, *told = following.driver.reported
    assert (type(first).__name__, first.item_id) == ("Queued", 1)
    ends = [(event.item_id, event.state, event.done, event.items) for event in told if isinstance(event, Ended)]
    assert ends == [(1, "completed", 1, 2), (2, "completed", 2, 2)]
    of_one = [event for event in told if event.item_id == 1]
    assert isinstance(of_one[0], Started)
    assert isinstance(of_one[-1], Ended)
    images = [image.name for event in of_one if isinstance(event, NodeFinished) for image in event.images]
    assert set(images) == {"[64].png"}


def kinds(following: Following) -> list[str]:
    return [type(event).__name__ for event in following.driver.reported]


def nodes(following: Following, kind: type[NodeStarted | NodeFinished]) -> list[str]:
    return [event.node_id for event in following.driver.reported if isinstance(event, kind)]


def test_without_events_nodes_are_reported_when_their_item_has_ended() -> None:
    following = Following(card(), watched=True)
    following.driver.disconnected = [(0.0, 900.0)]
    following.result()
    of_a_node = ["NodeStarted", "NodeFinished"]
    assert kinds(following) == ["Queued", "Started", *of_a_node * 4, "Ended"]
    finished = [event for event in following.driver.reported if isinstance(event, NodeFinished)]
    assert {event.images[0].name for event in finished} == {"[].png"}


def test_without_events_items_that_end_out_of_order_are_reported_as_they_end() -> None:
    following = Following(cards(3), Server(seconds=10), watched=True)
    following.driver.disconnected = [(0.0, 900.0)]
    following.at(12.0, lambda: following.server._complete(following.server.rows[3]))  # on another device
    following.result()
    assert [event.item_id for event in following.driver.reported if isinstance(event, Ended)] == [1, 3, 2]


def test_without_events_an_item_is_reported_as_started_while_it_runs() -> None:
    following = Following(card(), Server(seconds=100), timeout=50, watched=True)
    following.driver.disconnected = [(0.0, 900.0)]
    assert isinstance(following.outcome(), RunTimeout)
    assert kinds(following) == ["Queued", "Started"]


@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.3), (0.5, 1.5), (0.0, 60.0), (0.9, 1.1)])
def test_each_node_starts_and_finishes_once_whatever_events_are_lost(begin: float, end: float) -> None:
    following = Following(cards(3), watched=True)
    following.driver.lossy = [(begin, end)]
    following.result()
    expected = [node_id for _ in range(3) for node_id in pins_of(type(following.flow)).graph["nodes"]]
    assert sorted(nodes(following, NodeStarted)) == sorted(nodes(following, NodeFinished)) == sorted(expected)
    for item_id in (1, 2, 3):
        own = [type(event) for event in following.driver.reported if event.item_id == item_id]
        own = [kind for kind in own if kind is not Queued]
        assert (own[0], own[-1]) == (Started, Ended)
        assert own.count(Started) == own.count(Ended) == 1
        assert own[1:-1] == [NodeStarted, NodeFinished] * 4


def test_a_failed_node_has_started() -> None:
    following = Following(card(), Server(fails=lambda values: True), watched=True)
    following.driver.disconnected = [(0.0, 900.0)]
    assert isinstance(following.outcome(), RunFailed)
    assert kinds(following) == ["Queued", "Started", "NodeStarted", "Ended"]


def test_a_second_batch_of_the_same_id_is_noticed_and_canceled() -> None:
    following = Following(cards(2), Server(seconds=5))
    following.server.fates = {"enqueue_batch": ["twice 1"]}
    assert len(following.result().card) == 2
    following.server.settle()
    assert set(following.server.ran.values()) == {1}


def test_a_duplicate_that_runs_when_the_run_has_ended_is_no_item_to_report() -> None:
    following = Following(card(), watched=True)
    following.driver.disconnected = [(0.0, 900.0)]
    following.server.fates = {"enqueue_batch": ["twice 0.99"]}
    assert following.result().card
    assert [row["status"] for row in following.server.rows.values()] == ["completed", "canceled"]
    assert {event.item_id for event in following.driver.reported} == {1}


def test_when_a_second_batch_has_been_canceled_no_request_looks_for_it_again() -> None:
    following = Following(cards(6), Server(seconds=5))
    following.server.fates = {"enqueue_batch": ["twice 1"]}
    assert len(following.result().card) == 6
    assert following.asked().count("GET status") == 1


def test_while_a_second_batch_is_known_polls_do_not_list_it_again() -> None:
    following = Following(cards(6), Server(seconds=5))
    following.driver.disconnected = [(0.0, 900.0)]
    following.server.fates = {"enqueue_batch": ["twice 1"]}
    assert len(following.result().card) == 6
    assert following.asked().count("GET status") > 6
    assert following.asked().count("GET list_all") == 1


# --- what others do ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("part", ["/status", "/list_all"])
@pytest.mark.parametrize("fate", ["html", "500", "after", "!503"])
def test_a_second_batch_of_the_same_id_is_canceled_although_the_first_look_at_it_fails(
    fate: str, part: str, times: int
) -> None:
    following = Following(cards(2), Server(seconds=20))
    following.server.fates = {"enqueue_batch": ["twice 1"], part: [fate] * times}
    assert len(following.result().card) == 2
    following.server.settle()
    assert [row["status"] for row in following.server.rows.values()] == ["completed"] * 2 + ["canceled"] * 2


def test_a_cancellation_by_somebody_else_is_not_mistaken_for_a_restart() -> None:
    following = Following(cards(2), Server(seconds=5))
    following.driver.disconnected = [(0.5, 1.0)]  # a brief network failure
    following.at(3.0, following.server.cancel_all)
    error = following.outcome()
    assert isinstance(error, RunCanceled)
    assert not isinstance(error, RunInterrupted)
    assert error.cause == "others"
    assert error.item_ids == (1, 2)


def test_a_cancellation_by_this_client_is_reported_as_such() -> None:
    following = Following(cards(2), Server(seconds=5))

    def cancel() -> None:
        for row in following.server.rows.values():
            following.context.canceled.add(row["batch_id"])
            following.server.cancel(row)

    following.at(3.0, cancel)
    error = following.outcome()
    assert (type(error), error.cause) == (RunCanceled, "caller")


def test_a_cancellation_by_this_client_ends_the_wait_although_the_server_sends_no_event() -> None:
    following = Following(card(), Server(seconds=100))

    def cancel() -> None:
        (row,) = following.server.rows.values()
        row["status"] = "canceled"
        following.context.canceled.add(row["batch_id"])
        following.server.events.append((following.driver.now, ServerEvent(CANCELED_HERE, 0, {})))

    following.at(3.0, cancel)
    assert isinstance(following.outcome(), RunCanceled)
    assert following.driver.now < 3.5


def test_items_canceled_by_a_restart_are_interrupted() -> None:
    following = Following(cards(3), Server(seconds=5))
    following.driver.disconnected = following.server.away = [(7.0, 9.0)]
    following.at(8.0, following.server.crash)
    error = following.outcome()
    assert isinstance(error, RunInterrupted)
    assert error.cause == "restart"
    assert error.item_ids == (2,)
    assert len(error.partial.card) == 2  # type: ignore[union-attr]


def test_an_item_that_was_canceled_while_only_the_events_were_unavailable_is_not_taken_for_interrupted() -> None:
    following = Following(cards(3), Server(seconds=5), resubmit=True)
    following.driver.disconnected = [(7.0, 9.0)]
    following.at(8.0, following.server.crash)  # to the client, it looks as if somebody canceled the item
    error = following.outcome()
    assert (type(error), error.cause) == (RunCanceled, "unknown")
    assert following.server.ran.total() == 2


def test_a_server_that_only_limits_requests_has_not_restarted() -> None:
    following = Following(cards(3), Server(seconds=5), resubmit=True)
    following.driver.disconnected = [(7.0, 9.0)]
    following.server.fates = {"/status": ["!429"] * 3}
    following.at(8.0, following.server.crash)  # to the client, it looks as if somebody canceled the item
    error = following.outcome()
    assert (type(error), error.cause) == (RunCanceled, "unknown")
    assert not following.server.fates["/status"]


def test_a_cleared_queue_is_reported_as_cleared() -> None:
    following = Following(card(), Server(seconds=5))
    following.at(3.0, following.server.clear)
    error = following.outcome()
    assert (type(error), error.cause) == (RunCanceled, "removal")
    assert "cleared by somebody else" in str(error)
    assert following.driver.now < 3.5


def test_a_prune_loses_no_result_while_events_arrive() -> None:
    following = Following(cards(4))
    following.at(3.5, following.server.prune)
    assert len(following.result().card) == 4


def test_a_job_keeps_what_events_have_reported() -> None:
    following = Following(cards(3))
    driver, context, workflow = following.driver, following.context, type(following.flow)
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    driver.drive(follow(workflow, state, context, deadline))
    assert not any("items_by_ids" in asked for asked in following.asked())
    following.server.prune()
    assert len(driver.drive(finished_part(workflow, state, context, deadline)).card) == 3


def test_a_job_whose_items_have_all_ended_does_not_time_out() -> None:
    following = Following(cards(3))
    driver, context, workflow = following.driver, following.context, type(following.flow)
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    with pytest.raises(RunTimeout, match="with 0 of 3 items done"):
        driver.drive(finish(workflow, state, context, Deadline.after(0, driver.clock)))
    driver.drive(finish(workflow, state, context, deadline))
    assert len(driver.drive(finish(workflow, state, context, Deadline.after(0, driver.clock))).card) == 3


def test_a_wrong_result_of_an_event_is_corrected_however_often_it_is_asked_for() -> None:
    following = Following(cards(2))
    driver, context, workflow = following.driver, following.context, type(following.flow)
    say = following.server._say

    def saying(name: str, row: dict[str, Any], when: float, **content: Any) -> None:
        say(name, row, when, **content | ({"result": {"image": 7}} if "result" in content else {}))

    following.server._say = saying  # type: ignore[method-assign]
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    driver.drive(follow(workflow, state, context, deadline))
    for _ in range(2):
        assert len(driver.drive(finish(workflow, state, context, deadline)).card) == 2


def test_a_prune_loses_no_result_while_events_arrive_although_the_answer_to_the_post_was_lost() -> None:
    following = Following(cards(4))
    following.server.fates = {"enqueue_batch": ["after"]}
    following.at(4.0, following.server.prune)
    assert len(following.result().card) == 4
    assert set(following.server.ran.values()) == {1}


@pytest.mark.parametrize(("removed_at", "count"), [(0.5, 0), (1.5, 1), (4.0, 3)])
def test_a_batch_that_events_have_reported_is_not_sent_again(removed_at: float, count: int) -> None:
    following = Following(cards(3))
    server, post = following.server, following.server.post
    server.fates = {"enqueue_batch": ["after"]}

    def posting(batch: dict[str, Any]) -> Any:
        server.away = [(server.now() + 0.001, 5.0)]
        return post(batch)

    server.post = posting  # type: ignore[method-assign]
    following.at(removed_at, server.rows.clear)
    outcome = following.outcome()
    result: Any = outcome.partial if isinstance(outcome, RunCanceled) else outcome
    assert len(result.card if result else ()) == count
    assert sum(server.ran.values()) == count


def test_a_batch_that_was_removed_before_it_ran_is_not_sent_again() -> None:
    following = Following(cards(3))
    server, post = following.server, following.server.post
    server.fates = {"enqueue_batch": ["after"]}

    def posting(batch: dict[str, Any]) -> Any:
        answer = post(batch)
        server.rows.clear()
        return answer

    server.post = posting  # type: ignore[method-assign]
    error = following.outcome()
    assert isinstance(error, EnqueueUncertain)
    assert "it may have been pruned or cleared" in str(error)
    assert error.submission
    assert not server.ran


@pytest.mark.parametrize(("flow", "words"), [(card, " after completion by"), (lambda: cards(2), " by")])
def test_items_that_are_removed_before_their_results_are_read_are_reported_as_completed_if_all_are(
    flow: Callable[[], Any], words: str
) -> None:
    following = Following(flow(), Server(seconds=2))
    say = following.server._say

    def saying(name: str, row: dict[str, Any], when: float, **content: Any) -> None:
        if name != "invocation_complete":  # these are lost
            say(name, row, when, **content)

    following.server._say = saying  # type: ignore[method-assign]
    following.at(2.0, following.server.rows.clear)
    error = following.outcome()
    assert (type(error), error.cause) == (RunCanceled, "removal")
    assert f"pruned, cleared or deleted{words} somebody else" in str(error)


def test_an_item_retried_by_somebody_else_is_not_a_duplicate() -> None:
    following = Following(cards(3), Server(seconds=2, fails=lambda values: values[0]["value"] == 64))
    following.at(3.0, lambda: following.server.retry(1))
    error = following.outcome()
    assert isinstance(error, RunFailed)
    following.server.fails = lambda values: False
    following.server.settle()
    assert sum(row["status"] == "canceled" for row in following.server.rows.values()) == 0


@pytest.mark.parametrize("wrong", [{}, {"image": {"image_name": 7}}, {"image": "x.png"}])
def test_a_wrong_result_in_an_event_is_not_used(wrong: dict[str, Any]) -> None:
    following = Following(cards(2))
    say = following.server._say

    def saying(name: str, row: dict[str, Any], when: float, **content: Any) -> None:
        say(name, row, when, **content | ({"result": wrong} if "result" in content and row["item_id"] == 1 else {}))

    following.server._say = saying  # type: ignore[method-assign]
    assert [image.name for image in following.result().card] == ["[64].png", "[128].png"]


# --- again ------------------------------------------------------------------------------------------------------------


def test_items_that_a_restart_interrupts_can_run_again_automatically(caplog: pytest.LogCaptureFixture) -> None:
    following = Following(cards(3), Server(seconds=5), resubmit=True)
    following.driver.disconnected = following.server.away = [(7.0, 9.0)]
    following.at(8.0, following.server.crash)
    result = following.result()
    assert [image.name for image in result.card] == ["[64].png", "[128].png", "[192].png"]
    assert result.item_ids == [1, 4, 3]
    assert set(following.server.ran.values()) == {1}
    assert "a restart of the server canceled items [2]; running them again" in caplog.text


def test_what_was_reported_before_items_run_again_is_not_reported_again() -> None:
    following = Following(cards(3), Server(seconds=5), resubmit=True, watched=True)
    following.driver.disconnected = following.server.away = [(7.0, 9.0)]
    following.at(8.0, following.server.crash)
    following.result()
    reported = following.driver.reported
    ends = [(event.item_id, event.state, event.done) for event in reported if isinstance(event, Ended)]
    assert sorted(ends) == [(1, "completed", 1), (2, "canceled", 2), (3, "completed", 3), (4, "completed", 3)]
    assert sum(isinstance(event, Queued) for event in reported) == 1
    nodes = [(event.item_id, event.node_id) for event in reported if isinstance(event, NodeFinished)]
    assert len(nodes) == len(set(nodes)) == 3 * len(pins_of(type(following.flow)).graph["nodes"])


@pytest.mark.parametrize(("timeout", "outcome"), [(None, "result"), (60.0, RunTimeout)])
def test_items_run_again_automatically_although_the_server_is_killed_again_before(
    timeout: float | None, outcome: Any
) -> None:
    following = Following(cards(3), Server(seconds=5), resubmit=True, timeout=timeout)
    server = following.server
    following.driver.disconnected = server.away = [(7.0, 9.0)]
    following.at(8.0, server.crash)
    handle = server.handle

    def killed_again(request: Request) -> Response:
        server.handle = handle  # type: ignore[method-assign]
        server.away = [(server.now(), server.now() + 100)]
        return answer({"detail": "shutting down"}, 503)

    def handling(request: Request) -> Response:
        return (killed_again if request.path.endswith("/list_all") else handle)(request)

    server.handle = handling  # type: ignore[method-assign]
    found = following.outcome()
    if outcome is RunTimeout:
        assert isinstance(found, RunTimeout)
        assert "before anything ran again" in str(found)
        assert found.submission
        assert following.driver.now <= 60
    else:
        assert [image.name for image in found.card] == ["[64].png", "[128].png", "[192].png"]
        assert set(server.ran.values()) == {1}


@pytest.mark.parametrize(
    "fate", ["", "after", "before", "500", "html", "late 3", "late 12", "!503", "twice 1", "twice 3"]
)
def test_a_retry_runs_each_item_once_more_whatever_happens_to_its_answer(fate: str) -> None:
    failing = [True]
    server = Server(seconds=5, fails=lambda values: failing[0] and values[0]["value"] == 64)
    following = Following(cards(2), server)
    driver, context = following.driver, following.context
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    with pytest.raises(RunFailed):
        driver.drive(finish(type(following.flow), state, context, deadline))
    failing[0] = False
    server.fates = {"retry_items_by_id": [fate] if fate else []}
    driver.drive(run_again(state, context, deadline))
    result = driver.drive(finish(type(following.flow), state, context, deadline))
    assert [image.name for image in result.card] == ["[64].png", "[128].png"]
    server.settle()
    assert set(server.ran.values()) == {1}


def test_a_retried_item_can_be_retried_again() -> None:
    failing = [True]
    server = Server(seconds=5, fails=lambda values: failing[0] and values[0]["value"] == 64)
    following = Following(cards(2), server)
    driver, context = following.driver, following.context
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    for _ in range(2):
        with pytest.raises(RunFailed):
            driver.drive(finish(type(following.flow), state, context, deadline))
        driver.drive(run_again(state, context, deadline))
    failing[0] = False
    result = driver.drive(finish(type(following.flow), state, context, deadline))
    assert [image.name for image in result.card] == ["[64].png", "[128].png"]
    assert result.item_ids == [4, 2]
    assert sorted(server.rows) == [1, 2, 3, 4]


def test_a_retry_runs_the_own_item_again_although_that_of_somebody_else_failed_too() -> None:
    failing = [True]
    server = Server(fails=lambda values: failing[0])
    following = Following(card(), server)
    driver, context = following.driver, following.context
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    with pytest.raises(RunFailed):
        driver.drive(finish(type(following.flow), state, context, deadline))
    server.retry(1)
    server.settle()
    failing[0] = False
    driver.drive(run_again(state, context, deadline))
    assert driver.drive(finish(type(following.flow), state, context, deadline)).item_ids == [3]


class Failed:
    """A run with a failed item that would not fail again."""

    def __init__(self) -> None:
        failing = [True]
        self.server = Server(seconds=5, fails=lambda values: failing[0] and values[0]["value"] == 64)
        following = Following(cards(2), self.server)
        self.driver, self.context = following.driver, following.context
        self.workflow = type(following.flow)
        self.state = self.driver.drive(submitted(following.flow, self.context, Deadline.after(None, self.driver.clock)))
        with pytest.raises(RunFailed):
            self.result(self.state)
        failing[0] = False

    def retry(self, state: RunState, timeout: float | None = None) -> None:
        self.driver.drive(run_again(state, self.context, Deadline.after(timeout, self.driver.clock)))

    def result(self, state: RunState) -> Any:
        return self.driver.drive(finish(self.workflow, state, self.context, Deadline.after(None, self.driver.clock)))


def test_a_retry_of_retried_items_continues_with_them() -> None:
    failed = Failed()
    stored = failed.state.submission
    failed.retry(failed.state)
    again = RunState(stored)
    failed.retry(again)
    assert again.submission == failed.state.submission
    assert len(failed.result(again).card) == 2
    failed.server.settle()
    assert set(failed.server.ran.values()) == {1}


@pytest.mark.parametrize("attached", [False, True])
def test_retries_at_the_same_time_run_each_item_once_more(*, attached: bool) -> None:
    failed = Failed()
    other = RunState(failed.state.submission) if attached else failed.state
    reply = failed.driver.reply

    def retried_meanwhile(request: Request) -> Response | Exception:
        if request.path.endswith("/retry_items_by_id"):
            failed.driver.reply = reply
            with pytest.raises((EnqueueUncertain, RunTimeout), match="timed out"):
                failed.retry(other, timeout=3)
        return reply(request)

    failed.driver.reply = retried_meanwhile
    failed.retry(failed.state)
    failed.retry(other)
    assert sorted(failed.server.rows) == [1, 2, 3]
    assert other.submission == failed.state.submission


@pytest.mark.parametrize("removed", [1, 2])
def test_a_retry_names_items_that_were_removed_once_the_others_run(removed: int) -> None:
    failed = Failed()
    del failed.server.rows[removed]
    message = f"item {removed} was no longer in the server's queue: .*, and cannot run again"
    with pytest.raises(RunCanceled, match=message) as caught:
        failed.retry(failed.state)
    assert (caught.value.item_ids, caught.value.cause) == ((removed,), "removal")
    assert caught.value.submission == failed.state.submission
    assert failed.state.submission.item_ids == ((1, 2) if removed == 1 else (3, 2))


@pytest.mark.parametrize("fate", ["", "after"])
@pytest.mark.parametrize("refuses_missing", [False, True])
@pytest.mark.parametrize("removed", [[1], [2], [1, 2]])
def test_items_that_are_removed_just_before_they_run_again_are_named_at_once(
    removed: list[int], refuses_missing: bool, fate: str
) -> None:
    failed = Failed()
    failed.server.rows[2]["status"] = "canceled"
    failed.server.refuses_missing = refuses_missing
    failed.server.fates = {"retry_items_by_id": [fate]}

    def reply(request: Request) -> Response | Exception:
        if request.path.endswith("/retry_items_by_id"):
            failed.server.rows = {number: row for number, row in failed.server.rows.items() if number not in removed}
        return failed.server(request)

    failed.driver.reply = reply
    begin = failed.driver.now
    with pytest.raises(RunCanceled, match=r"no longer in the server's queue: .*, and cannot run again") as caught:
        failed.retry(failed.state)
    assert (caught.value.item_ids, caught.value.cause) == (tuple(removed), "removal")
    left = [number for number in (1, 2) if number not in removed]
    assert failed.state.submission.item_ids == tuple(3 if number in left else number for number in (1, 2))
    assert sorted(failed.server.rows) == ([*left, 3] if left else [])
    assert failed.driver.now - begin < (1 if not (fate and refuses_missing and left) else 20)


def test_a_retry_that_the_queue_has_no_room_for_says_so_and_is_continued_by_the_next() -> None:
    failed = Failed()
    failed.server.rows[2]["status"] = "canceled"
    failed.server.room = 1
    begin = failed.driver.now
    with pytest.raises(QueueFullError, match="had room for only 1 of the 2 failed and canceled items") as caught:
        failed.retry(failed.state)
    assert (caught.value.enqueued, caught.value.requested) == (1, 2)
    assert (failed.state.submission.item_ids, caught.value.submission) == ((3, 2), failed.state.submission)
    assert failed.driver.now - begin < 1
    failed.server.room = 2
    failed.retry(failed.state)
    assert len(failed.result(failed.state).card) == 2
    assert sorted(failed.server.rows) == [1, 2, 3, 4]


@pytest.mark.parametrize("room_later", [1, 2])
def test_what_a_full_queue_retries_in_part_runs_once_although_the_answer_is_lost(room_later: int) -> None:
    failed = Failed()
    failed.server.rows[2]["status"] = "canceled"
    failed.server.room = 1
    failed.server.fates = {"retry_items_by_id": ["after"]}
    retry = failed.server.retry

    def retrying(number: int) -> None:
        retry(number)
        failed.server.rows[max(failed.server.rows)]["since"] += 60  # it stays in the queue
        failed.server.room = room_later

    failed.server.retry = retrying  # type: ignore[method-assign]
    words = "had room for only 1 of the 2 failed and canceled items"
    with pytest.raises(QueueFullError, match=words) if room_later == 1 else nullcontext():
        failed.retry(failed.state)
    assert sorted(failed.server.rows) == [1, 2, 3, 4][: 2 + room_later]
    assert failed.state.submission.item_ids == (3, 4 if room_later == 2 else 2)


def test_what_runs_again_after_it_was_canceled_here_may_be_canceled_by_others_although_the_queue_is_full() -> None:
    failed = Failed()
    failed.context.canceled.add(failed.state.submission.batch_id)
    failed.server.rows[2]["status"] = "canceled"
    failed.server.room = 1
    with pytest.raises(QueueFullError):
        failed.retry(failed.state)
    failed.server.cancel_all()
    with pytest.raises(RunCanceled) as caught:
        failed.result(failed.state)
    assert caught.value.cause != "caller"


def test_what_is_canceled_here_while_it_is_retried_counts_as_canceled_here() -> None:
    failed = Failed()
    reply = failed.driver.reply

    def canceled_meanwhile(request: Request) -> Response | Exception:
        answered = reply(request)
        if request.path.endswith("/retry_items_by_id"):
            failed.driver.reply = reply
            failed.driver.drive(cancel(failed.state.submission, failed.context))
        return answered

    failed.driver.reply = canceled_meanwhile
    failed.retry(failed.state)
    with pytest.raises(RunCanceled) as caught:
        failed.result(failed.state)
    assert caught.value.cause == "caller"


def test_an_answer_to_a_retry_about_other_items_is_not_believed() -> None:
    failed = Failed()
    failed.server.fates = {"retry_items_by_id": ["late 3"]}

    def reply(request: Request) -> Response | Exception:
        given = failed.server(request)
        return answer({"retried_item_ids": [7]}) if isinstance(given, ConnectionError) else given

    failed.driver.reply = reply
    failed.retry(failed.state)
    failed.server.settle()
    assert sorted(failed.server.rows) == [1, 2, 3]


def test_a_duplicate_retry_is_canceled_before_it_starts() -> None:
    failed = Failed()
    failed.server.fates = {"retry_items_by_id": ["twice 1"]}
    failed.retry(failed.state)
    failed.result(failed.state)
    assert (failed.server.rows[4]["status"], "started_at" in failed.server.rows[4]) == ("canceled", False)


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("disconnected", [[], [(6.0, 9.0)], [(0.0, 99.0)]])
def test_those_who_wait_for_a_run_get_the_results_of_items_that_are_retried_meanwhile(
    disconnected: list[tuple[float, float]], watched: bool
) -> None:
    failing = [True]
    server = Server(seconds=5, fails=lambda values: failing[0] and values[0]["value"] == 64)
    following = Following(cards(2), server)
    driver, context = following.driver, following.context
    driver.disconnected = disconnected
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))

    def retry() -> None:
        failing[0] = False
        driver.drive(run_again(state, context, deadline))

    following.at(7.0, retry)
    result = driver.drive(finish(type(following.flow), state, context, deadline, RunOptions(watched)))
    assert [image.name for image in result.card] == ["[64].png", "[128].png"]
    assert result.item_ids == [3, 2]
    ended = [(event.item_id, event.state, event.done) for event in driver.reported if isinstance(event, Ended)]
    assert ended == ([(1, "failed", 1), (2, "completed", 1), (3, "completed", 2)] if watched else [])


@pytest.mark.parametrize("fate", ["before", "after", "late 12"])
def test_a_retry_that_timed_out_is_continued_by_the_next(fate: str) -> None:
    failed = Failed()
    failed.server.fates = {"retry_items_by_id": [fate], "list_all": ["", *["500"] * 9]}
    with pytest.raises(EnqueueUncertain, match=r"items of batch .* run again: timed out; job\.retry\(\)") as caught:
        failed.retry(failed.state, timeout=1.5)
    assert caught.value.submission == failed.state.submission
    failed.driver.now += 14
    failed.server.fates.clear()
    failed.retry(failed.state)
    assert len(failed.result(failed.state).card) == 2
    failed.server.settle()
    assert set(failed.server.ran.values()) == {1}


def test_a_retry_that_was_not_sent_in_time_is_reported() -> None:
    failed = Failed()
    with pytest.raises(RunTimeout, match="timed out before anything ran again"):
        failed.retry(failed.state, timeout=-1.0)


@pytest.mark.parametrize("removed", [False, True])
def test_after_a_wait_that_missed_events_the_next_one_asks_at_once(*, removed: bool) -> None:
    following = Following(cards(2))
    driver, context, workflow = following.driver, following.context, type(following.flow)
    driver.lossy = [(0.0, 99.0)]
    deadline = Deadline.after(None, driver.clock)
    state = driver.drive(submitted(following.flow, context, deadline))
    if removed:
        following.at(4.0, following.server.rows.clear)
    driver.drive(follow(workflow, state, context, deadline))
    begin = driver.now
    driver.drive(follow(workflow, state, context, deadline))
    assert driver.now - begin < 1


# --- everything together ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", slow_beyond(40, range(200)))
def test_whatever_is_lost_each_value_runs_once_and_every_result_arrives(seed: int) -> None:
    draw = random.Random(seed)
    count = draw.choice([1, 2, 5])
    server = Server(seconds=draw.choice([0.05, 1.0, 7.0]))
    nonsense = ["after", "html", "garbage", "truncated", "shape", "500", "before", ""]
    server.fates = {
        "enqueue_batch": draw.choices([*nonsense, "late 3", "late 12"], k=draw.choice([0, 0, 1, 2])),
        "item_summaries_by_ids": draw.choices(nonsense, k=draw.randrange(4)),
        "items_by_ids": draw.choices(nonsense, k=draw.randrange(4)),
        "/status": draw.choices(nonsense, k=draw.randrange(4)),
    }
    following = Following(cards(count), server, timeout=draw.choice([None, None, 20.0]), watched=draw.random() < 0.3)
    for spans in (following.driver.disconnected, following.driver.lossy):
        for _ in range(draw.randrange(3)):
            begin = draw.uniform(max([end for _, end in spans], default=0.0), 30)
            spans.append((begin, begin + draw.uniform(0.01, 15)))
    outcome = following.outcome()
    server.settle()
    assert all(times == 1 for times in server.ran.values())
    if isinstance(outcome, Exception):
        assert isinstance(outcome, RunTimeout | EnqueueUncertain | ConnectionError)
    else:
        assert len({image.name for image in outcome.card}) == count == server.ran.total()
