"""Runs: every item runs exactly once and the caller gets its result, whatever happens to the connection or a side."""

from __future__ import annotations

import inspect
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from invokable import (
    APIError,
    ConnectionError,  # noqa: A004
    EnqueueUncertain,
    NotInvokeAIError,
    Policy,
    QueueFullError,
    RunCanceled,
    RunFailed,
    RunTimeout,
    StaleWorkflowError,
    Submission,
)
from invokable.runtime.client._sync import driving
from invokable.runtime.client.surface import submission_of
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.protocol import AwaitEvents, GetPolicy, ReceivedEvents, Request, Response, Steps
from invokable.runtime.steps.exchange.responses import parse
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.pacing import Pace
from invokable.runtime.steps.runs.run import Context, finish, follow, run_again
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.search import LATEST_ARRIVAL, find
from invokable.runtime.steps.runs.status import finished_part, job_status
from invokable.runtime.values.workflow import Workflow
from tests.contract.interrupts import interrupted_in, may_still_run
from tests.effort import slow_beyond
from tests.runtime.driving import answer, page
from tests.runtime.runs import Run, card, cards, submitted
from tests.runtime.server import QUEUE, Server, misnaming

POST = "POST /api/v1/queue/default/enqueue_batch"
STATUS = "/status"
LIST = "/list_all"
SAYS_NOTHING = ["after", "html", "garbage", "truncated", "shape", "500", "502", "503", "504", "524", "408"]


def widths(result: Any) -> list[str]:
    return [image.name.removesuffix(".png") for image in result.card]


WRONG = [{4: 1, 5: 2, 6: 3}, {5: 2}, {4: 3, 5: 4, 6: 5}, {4: 104, 5: 105, 6: 106}]
"""Ids in the answer to a POST, by the true ones: of another batch, all or one; shifted by one; of no item."""


def another_batch_first(fate: str = "") -> Server:
    """A server where another client has three items, 1 to 3."""
    server = Server()
    values = [{"node_path": "n", "field_name": "f", "items": [9, 9, 9]}]
    graph: dict[str, Any] = {"nodes": {}}
    server.post({"batch_id": "b", "destination": "d", "data": [values], "runs": 1, "graph": graph, "workflow": None})
    server.rows = {number: {**row, "status": "canceled"} for number, row in server.rows.items()}
    server.fates = {"enqueue_batch": [fate]}
    return server


def all_ran_once(server: Server, count: int) -> None:
    server.settle()
    assert server.ran == {f"[{64 * number}]": 1 for number in range(1, count + 1)}


# --- without a fault --------------------------------------------------------------------------------------------------


def test_a_run_sends_no_unnecessary_requests() -> None:
    run = Run(card(), server := Server(seconds=0.2))
    result = run.result()
    assert result.item_ids == [1]
    assert result.images == [result.card]
    assert run.posts() == 1
    ways = [line.split()[1].rpartition("/")[2] for line in server.log]
    assert ways == ["enqueue_batch", "status", "status", "status", "1"]


def test_the_batch_holds_the_embedded_workflow_and_runs_once() -> None:
    run = Run(cards(3), server := Server())
    assert widths(run.result()) == ["[64]", "[128]", "[192]"]
    assert [row["workflow"]["name"] for row in server.rows.values()] == ["Counted"] * 3
    (request,) = [request for request in run.driver.requests if request.path.endswith("enqueue_batch")]
    assert (request.json["batch"]["runs"], request.json["prepend"]) == (1, False)
    assert request.json["batch"]["origin"] == "workflows"
    all_ran_once(server, 3)


def test_items_are_read_as_they_end_and_many_at_once() -> None:
    run = Run(cards(250), server := Server(seconds=0.01))
    assert len(run.result().card) == 250
    assert len([line for line in server.log if "items_by_ids" in line]) <= 8
    assert len([line for line in server.log if "/i/" in line]) <= 1  # an item that ended alone


def test_polls_become_less_frequent() -> None:
    run = Run(card(), server := Server(seconds=600))
    run.result()
    assert len(server.log) < 330


def test_polls_are_frequent_again_once_events_have_arrived() -> None:
    pace = Pace(lambda: 0.0, Policy())
    first, *later = (pace.pause(receives_events=False, runs=1) for _ in range(5))
    assert first < min(later)
    pace.pause(receives_events=True, runs=1)
    assert pace.pause(receives_events=False, runs=1) == first


def test_the_policy_sets_the_pauses_between_polls() -> None:
    run = Run(card(), server := Server(seconds=600))
    run.driver.policy = Policy(jitter=0, first_poll=5, poll=60)
    times: list[float] = []

    def reply(request: Request) -> Response | Exception:
        if request.path.endswith(STATUS):
            times.append(run.driver.now)
        return server(request)

    run.driver.reply = reply
    run.result()
    pauses = [round(later - earlier) for earlier, later in itertools.pairwise(times)]
    assert (pauses[0], pauses[-1]) == (5, 60)
    assert pauses == sorted(pauses)


# --- the POST ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", SAYS_NOTHING)
@pytest.mark.parametrize("count", [1, 2])
def test_after_an_unclear_answer_the_client_looks_for_the_batch(fate: str, count: int) -> None:
    run = Run(cards(count), server := Server())
    server.fates = {POST: [fate]}
    assert len(run.result().card) == count
    assert run.posts() == 1
    all_ran_once(server, count)


@pytest.mark.parametrize("looks", [["503", "html", "500", "before"], ["shape", "garbage", "401"]])
def test_a_failed_lookup_is_not_an_answer(looks: list[str]) -> None:
    run = Run(cards(2), server := Server())
    server.fates = {POST: ["504"], LIST: looks}
    assert len(run.result().card) == 2
    all_ran_once(server, 2)


@pytest.mark.parametrize("fates", [["before"], ["before", "before"], ["!503"], ["before", "after"], ["before", "html"]])
def test_a_batch_that_never_arrived_is_sent_again(fates: list[str]) -> None:
    run = Run(cards(2), server := Server())
    server.fates = {POST: list(fates)}
    assert widths(run.result()) == ["[64]", "[128]"]
    all_ran_once(server, 2)


@pytest.mark.parametrize("delay", [0.5, 3.0, 8.0, 14.0])
def test_a_batch_that_arrives_late_runs_once(delay: float) -> None:
    run = Run(cards(2), server := Server())
    server.fates = {POST: [f"late {delay}"]}
    assert widths(run.result()) == ["[64]", "[128]"]
    assert run.posts() == 1
    all_ran_once(server, 2)


@pytest.mark.parametrize("fates", [["late 20", ""], ["late 20", "after"], ["late 25", "late 3"]])
def test_if_two_arrive_one_is_canceled(fates: list[str]) -> None:
    run = Run(cards(2), server := Server(seconds=30))
    server.fates = {POST: list(fates)}
    assert widths(run.result()) == ["[64]", "[128]"]
    assert run.posts() == 2
    all_ran_once(server, 2)


def test_a_second_arrival_is_canceled_while_the_first_still_runs() -> None:
    run = Run(cards(20), server := Server(seconds=0.5))
    server.fates = {POST: ["late 17", ""]}
    assert len(run.result().card) == 20
    all_ran_once(server, 20)


@pytest.mark.parametrize("status", [404, 500])
def test_a_duplicate_that_cannot_be_canceled_does_not_fail_the_run(status: int) -> None:
    run = Run(cards(2), server := Server(seconds=5))
    server.fates = {POST: ["before", ""], "/cancel": [f"!{status}"] * 50}
    take = server.post
    server.post = lambda batch: take(batch) and take(batch)  # type: ignore[method-assign]
    assert len(run.result().card) == 2
    assert any("/cancel" in line for line in server.log)


def test_the_answer_that_repeats_a_batch_is_not_compressed() -> None:
    run = Run(card(), Server())
    run.result()
    assert [request.path.rpartition("/")[2] for request in run.driver.requests if request.plain] == ["enqueue_batch"]


def test_a_submitted_job_does_not_run_twice_either() -> None:
    run = Run(cards(2), server := Server(seconds=30))
    server.fates = {POST: ["before", ""]}
    take = server.post
    server.post = lambda batch: take(batch) and take(batch)  # type: ignore[method-assign]  # the lost one, and ours
    deadline = Deadline.after(None, run.driver.clock)
    state = run.driver.drive(submitted(run.flow, Context(ServerCache(), None), deadline))
    assert len(state.submission.item_ids) == 2
    all_ran_once(server, 2)


def test_a_second_arrival_is_canceled_before_it_runs_on_a_server_that_is_idle_and_fast() -> None:
    run = Run(cards(1), server := Server(seconds=0.02))
    server.fates = {POST: ["after"]}
    take = server.post
    server.post = lambda batch: take(batch) and take(batch)  # type: ignore[method-assign]
    run.result()
    all_ran_once(server, 1)


@pytest.mark.parametrize("delay", [1.0, 5.0, 14.0])
def test_a_second_arrival_after_the_run_has_ended_is_canceled_if_the_post_was_unclear(delay: float) -> None:
    run = Run(cards(2), server := Server(seconds=0.5))
    server.fates = {POST: [f"twice {delay}"]}
    take = server.handle

    def handle(request: Any) -> Any:  # the first answer is also lost
        response = take(request)
        return answer({"detail": "gateway"}, 504) if "enqueue" in request.path else response

    server.handle = handle  # type: ignore[method-assign]
    run.result()
    server.now = run.driver.clock
    canceled = [row for row in server.rows.values() if row["status"] == "canceled"]
    assert len(canceled) == 2
    assert len(server.rows) == 4


@pytest.mark.parametrize("delay", [15.9, 16.05, 16.1])
def test_after_a_partial_and_a_complete_arrival_each_value_runs_once(delay: float) -> None:
    server = Server(seconds=30, room=1)
    run = Run(cards(2), server)
    take = server.post

    def post(batch: dict[str, Any]) -> Any:
        server.room = 1 if not server.rows else 10_000
        return take(batch)

    server.post = post  # type: ignore[method-assign]
    # The late POST arrives first and is accepted in part, then ours is accepted completely.
    server.fates = {POST: [f"late {delay}", ""]}
    outcome = run.outcome()
    server.settle()
    if isinstance(outcome, QueueFullError):  # the client saw only the part, and canceled it
        assert not server.ran
    else:
        assert widths(outcome) == ["[64]", "[128]"]
        all_ran_once(server, 2)


def test_of_a_partial_and_a_complete_arrival_one_item_for_each_value_is_kept() -> None:
    server = Server(seconds=30)
    run = Run(cards(2), server)
    take = server.post

    def twice(batch: dict[str, Any]) -> Any:  # both are there before the client looks
        server.room = 1
        take(batch)
        server.room = 10_000
        return take(batch)

    server.post = twice  # type: ignore[method-assign]
    server.fates = {POST: ["after"]}
    result = run.result()
    assert widths(result) == ["[64]", "[128]"]
    assert result.item_ids == [1, 3]
    all_ran_once(server, 2)


def test_a_batch_that_was_accepted_in_part_is_canceled() -> None:
    run = Run(cards(3), server := Server(room=2))
    with pytest.raises(QueueFullError) as caught:
        run.result()
    assert (caught.value.enqueued, caught.value.requested) == (2, 3)
    assert caught.value.submission
    server.settle()
    assert not server.ran


@pytest.mark.parametrize("by_id", [False, True], ids=["by submission", "by batch id"])
def test_a_batch_that_the_queue_had_no_room_for_is_not_reported_as_removed(by_id: bool) -> None:
    run = Run(cards(3), Server(room=0))
    with pytest.raises(QueueFullError, match="the queue accepted only 0 of 3 items; try again later") as caught:
        run.result()
    assert caught.value.submission
    state = RunState(replace(caught.value.submission, requested=0 if by_id else 3))
    deadline = Deadline.after(None, run.driver.clock)
    with pytest.raises(EnqueueUncertain, match="no item of it is on the server: none ever was, or they were pruned"):
        run.driver.drive(finish(type(run.flow), state, Context(ServerCache(), None), deadline))


@pytest.mark.parametrize("status", ["!400", "!401", "!403", "!422"])
def test_a_refusal_is_final_and_has_the_submission(status: str) -> None:
    run = Run(card(), server := Server())
    server.fates = {POST: [status]}
    with pytest.raises(APIError) as caught:
        run.result()
    assert caught.value.submission
    assert run.posts() == 1
    assert not server.rows


def test_a_refused_graph_names_the_nodes_that_the_server_lacks() -> None:
    run = Run(card(), server := Server())
    server.fates = {POST: ["!422"]}
    take = server.handle
    server.handle = lambda request: (  # type: ignore[method-assign]
        answer({"components": {"schemas": {}}}) if request.path == "/openapi.json" else take(request)
    )
    with pytest.raises(StaleWorkflowError, match="img_blur: the server lacks this node") as caught:
        run.result()
    assert isinstance(caught.value.__cause__, APIError)
    assert caught.value.submission


def test_a_refused_graph_is_not_explained_for_longer_than_the_time_left() -> None:
    run = Run(card(), server := Server(), timeout=3.0)
    server.fates = {POST: ["!422"], "/openapi.json": ["before"] * 9}
    with pytest.raises(APIError, match="422 not now") as caught:
        run.result()
    assert caught.value.submission
    assert run.driver.now < 3.1
    assert all(request.timeout is not None and request.timeout <= 3.0 for request in run.driver.requests)


def test_a_busy_server_is_tried_again_when_it_asks_for_that() -> None:
    run = Run(card(), server := Server())
    replies = iter([answer({}, 429, retry_after=7.0), answer({}, 429)])
    run.driver.reply = lambda request: (
        next(replies, None) or server(request) if request.path.endswith("enqueue_batch") else server(request)
    )
    run.result()
    assert 7 < run.driver.now < LATEST_ARRIVAL  # it does not look for a batch that was refused for that long
    all_ids = [row["status"] for row in server.rows.values()]
    assert all_ids == ["completed"]


@pytest.mark.parametrize("fates", [["429"], ["429", "!429"], ["!429", "429"]])
def test_a_batch_that_was_accepted_despite_a_429_is_not_sent_again(fates: list[str]) -> None:
    run = Run(cards(2), server := Server(seconds=0.01))
    server.fates = {POST: list(fates), LIST: ["429", ""]}
    assert widths(run.result()) == ["[64]", "[128]"]
    assert run.posts() == fates.index("429") + 1
    all_ran_once(server, 2)


def test_after_an_interrupt_between_two_attempts_nothing_was_accepted() -> None:
    # Before the POST, the steps yield GetPolicy, Subscribe and GetPolicy again. A pause follows the POST.
    run = Run(card(), server := Server(), interrupt=lambda number: number == 5)
    server.fates = {POST: ["!429"] * 9}
    with pytest.raises(KeyboardInterrupt) as caught:
        run.result()
    assert run.driver.now < 1
    assert not may_still_run(caught.value)


def test_a_server_that_was_never_reached_is_a_connection_error() -> None:
    run = Run(card(), server := Server())
    server.away = [(0, 1e9)]
    with pytest.raises(ConnectionError, match="refused"):
        run.result()
    assert run.driver.now < 30


def test_a_server_that_starts_meanwhile_accepts_the_batch() -> None:
    run = Run(card(), server := Server())
    server.away = [(0, 2.0)]
    assert run.result().item_ids == [1]


@pytest.mark.parametrize("reply", [answer({"hello": "world"}), page(), answer([7])])
def test_another_service_at_the_address_is_detected(reply: Response) -> None:
    run = Run(card(), Server())
    run.driver.reply = lambda request: reply
    with pytest.raises(NotInvokeAIError, match="InvokeAI server") as caught:
        run.result()
    assert caught.value.submission
    assert 20 < run.driver.now < 23
    assert run.posts() == 1


@pytest.mark.parametrize("ids", [[2, 2, 2], [3, 2, 0], [3, 2, -1], [True, False, True], [3, 2]])
def test_item_ids_that_cannot_be_true_are_looked_up(ids: list[int]) -> None:
    run = Run(cards(3), server := Server())

    def reply(request: Request) -> Response | Exception:
        given = server(request)
        if request.path.endswith("enqueue_batch") and isinstance(given, Response):
            return answer({**parse(given), "item_ids": ids})
        return given

    run.driver.reply = reply
    assert widths(run.result()) == ["[64]", "[128]", "[192]"]
    all_ran_once(server, 3)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("fate", ["", "twice 0.5"], ids=["once", "twice"])
def test_items_that_are_not_of_the_batch_are_looked_up(wrong: dict[int, int], fate: str) -> None:
    run = Run(cards(3), server := another_batch_first(fate), timeout=60)
    run.driver.reply = misnaming(server, wrong)
    result = run.result()
    assert widths(result) == ["[64]", "[128]", "[192]"]
    assert result.item_ids == [4, 5, 6]
    all_ran_once(server, 3)


@pytest.mark.parametrize("first", [follow, finished_part])
def test_a_job_keeps_what_it_has_read(first: Callable[..., Steps[Any]]) -> None:
    run = Run(cards(3), server := Server(seconds=0.2))
    context, deadline, workflow = Context(ServerCache(), None), Deadline.after(None, run.driver.clock), type(run.flow)
    state = run.driver.drive(submitted(run.flow, context, deadline))
    server.settle()
    run.driver.drive(first(workflow, state, context, deadline))
    server.prune()
    for later in (finish, finished_part):
        result = run.driver.drive(later(workflow, state, context, deadline))
        assert widths(result) == ["[64]", "[128]", "[192]"]
        assert result.batch_id == state.submission.batch_id


Asking = Callable[[type[Workflow], RunState, Context, Deadline], Steps[Any]]
ASKING: dict[str, Asking] = {
    "status": lambda workflow, *rest: job_status(*rest),
    "finished": finished_part,
    "wait": follow,
    "retry": lambda workflow, *rest: run_again(*rest),
}


@pytest.mark.parametrize("wrong", WRONG, ids=str)
@pytest.mark.parametrize("asking", ASKING)
def test_a_job_names_the_items_that_were_looked_up(asking: str, wrong: dict[int, int]) -> None:
    run = Run(cards(3), server := another_batch_first(), timeout=60)
    run.driver.reply = misnaming(server, wrong)
    context, deadline = Context(ServerCache(), None), Deadline.after(60, run.driver.clock)
    state = run.driver.drive(submitted(run.flow, context, deadline))
    assert state.submission.item_ids != (4, 5, 6)
    run.driver.drive(ASKING[asking](type(run.flow), state, context, deadline))
    assert state.submission.item_ids == (4, 5, 6)


@pytest.mark.parametrize("is_retried_again", [False, True])
def test_an_item_that_was_removed_is_not_replaced_by_another_of_its_retries(is_retried_again: bool) -> None:
    run = Run(card(), server := Server(fails=lambda values: True), timeout=60)
    with pytest.raises(RunFailed) as caught:
        run.result()
    assert caught.value.submission
    context, deadline = Context(ServerCache(), None), Deadline.after(60, run.driver.clock)
    state = RunState(caught.value.submission)
    run.driver.drive(run_again(state, context, deadline))
    assert state.submission.item_ids == (2,)
    del server.rows[2]
    if is_retried_again:  # by somebody else
        server.retry(1)
    with pytest.raises(RunCanceled, match="item 2 was no longer"):
        run.driver.drive(finish(type(run.flow), state, context, deadline))


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("is_handled", [True, False])
@pytest.mark.parametrize("part", [POST, LIST, "/b/", "items_by_ids"])
@pytest.mark.parametrize("fate", ["", "after", "429"])
def test_an_answer_about_another_batch_is_not_believed(fate: str, part: str, is_handled: bool, times: int) -> None:
    server = Server(seconds=4)
    run = Run(cards(2), server)
    other = run.driver.drive(submitted(cards(3), Context(ServerCache(), None), Deadline.after(None, run.driver.clock)))
    batch_id, destination, ids = other.submission.batch_id, other.submission.destination, other.submission.item_ids
    # As if a relay sent the answer to an earlier request, about the other batch, twice.
    earlier = {
        POST: answer({"batch": {"batch_id": batch_id}, "enqueued": 2, "requested": 2, "item_ids": ids[:2]}),
        LIST: server.handle(Request("GET", f"{QUEUE}/list_all", {"destination": destination})),
        "/b/": server.handle(Request("GET", f"{QUEUE}/b/{batch_id}/status")),
        "items_by_ids": server.handle(Request("POST", f"{QUEUE}/items_by_ids", json={"item_ids": ids})),
    }
    left = itertools.repeat(part, times)
    server.fates = {POST: [fate]}

    def reply(request: Request) -> Response | Exception:
        if part not in f"{request.method} {request.path}" or not next(left, None):
            return server(request)
        if is_handled:
            server(request)
        return earlier[part]

    run.driver.reply = reply
    assert widths(run.result()) == ["[64]", "[128]"]
    server.settle()
    assert [row["status"] for row in server.rows.values()] == ["completed"] * 5


@pytest.mark.parametrize("session", [None, {}, {"results": {}}])
def test_an_item_without_results_is_read_again(session: object) -> None:
    run = Run(card(), server := Server())
    given = iter([session])

    def reply(request: Request) -> Response | Exception:
        found = server(request)
        if (
            isinstance(found, Response)
            and request.path.endswith("/i/1")
            and (item := parse(found))["status"] == "completed"
        ):
            return answer({**item, "session": next(given, item["session"])})
        return found

    run.driver.reply = reply
    assert run.result().item_ids == [1]
    assert not list(given)


def test_items_that_are_there_are_not_gone_whatever_the_status_of_their_batch() -> None:
    run = Run(cards(3), server := Server(seconds=0.5))

    def reply(request: Request) -> Response | Exception:
        found = server(request)
        if isinstance(found, Response) and request.path.endswith(STATUS) and run.driver.now < 1:
            counts = dict.fromkeys(("pending", "in_progress", "completed", "failed", "canceled", "total"), 0)
            return answer({**parse(found), **counts})
        return found

    run.driver.reply = reply
    assert widths(run.result()) == ["[64]", "[128]", "[192]"]
    all_ran_once(server, 3)


def test_a_batch_that_is_cleared_before_its_items_are_listed_was_not_refused() -> None:
    run = Run(cards(3), server := Server())
    take = server.post
    server.post = lambda batch: take(batch) and take(batch)  # type: ignore[method-assign]  # so that items are listed

    def reply(request: Request) -> Response | Exception:
        if request.path.endswith(LIST):
            server.rows.clear()
        return server(request)

    run.driver.reply = reply
    with pytest.raises(EnqueueUncertain, match="it may have been pruned or cleared"):
        run.result()
    assert run.posts() == 1


def test_an_unreachable_server_is_not_a_server_without_the_batch() -> None:
    run = Run(cards(2), server := Server())
    server.fates = {POST: ["late 50"]}
    server.away = [(0.5, 40)]  # meanwhile the request waits in a proxy
    assert widths(run.result()) == ["[64]", "[128]"]
    assert run.posts() == 1
    all_ran_once(server, 2)


def test_an_unknown_outcome_is_reported_with_the_submission() -> None:
    run = Run(card(), server := Server())
    server.fates = {POST: ["504"], LIST: ["503"] * 1000}
    with pytest.raises(EnqueueUncertain, match="did not answer for 90 s") as caught:
        run.result()
    submission = caught.value.submission
    assert submission is not None
    assert caught.value.batch_id == submission.batch_id
    # Later, in another process:
    server.fates = {}
    stored = Submission.from_json(submission.to_json())
    deadline = Deadline.after(None, run.driver.clock)
    steps = finish(type(run.flow), RunState(stored), Context(ServerCache(), None), deadline)
    assert run.driver.drive(steps).item_ids == [1]


# --- the wait ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["before", "html", "garbage", "shape", "500", "401", "403", "404", "502", "429"])
@pytest.mark.parametrize(("path", "count", "seconds"), [(STATUS, 2, 1.0), ("/i/", 1, 1.0), ("items_by_ids", 3, 0.01)])
def test_one_bad_answer_does_not_end_a_wait(fate: str, path: str, count: int, seconds: float) -> None:
    run = Run(cards(count), server := Server(seconds=seconds))
    server.fates = {path: [fate, fate]}
    assert len(run.result().item_ids) == count
    assert len(server.fates[path]) < 2, "nothing met the answer"
    all_ran_once(server, count)


def test_a_wait_survives_an_outage_of_any_length() -> None:
    run = Run(cards(2), server := Server(seconds=100))
    server.away = [(20, 5000)]
    assert len(run.result().card) == 2
    assert run.driver.now < 5020


def test_a_lasting_refusal_ends_the_wait() -> None:
    run = Run(card(), server := Server(seconds=1e6))
    server.fates = {STATUS: ["401"] * 10_000}
    with pytest.raises(APIError) as caught:
        run.result()
    assert caught.value.submission
    assert 60 < run.driver.now < 90


def test_a_restart_is_recognized_and_pending_items_continue() -> None:
    run = Run(cards(3), server := Server(seconds=20))
    server.away = [(30, 70)]
    crash = server.advance
    crashed: list[bool] = []

    def advance() -> None:
        if server.now() >= 30 and not crashed:
            crashed.append(True)
            server.crash()
        crash()

    server.advance = advance  # type: ignore[method-assign]
    with pytest.raises(RunCanceled, match="canceled by a restart of the server") as caught:
        run.result()
    assert caught.value.item_ids == (2,)
    assert widths(caught.value.partial) == ["[64]", "[192]"]


def test_a_failed_item_is_reported_with_its_node_and_the_results_of_the_others() -> None:
    run = Run(cards(3), server := Server(fails=lambda values: values[0]["value"] == 128))
    with pytest.raises(RunFailed, match=r"item 2: node .* failed: ValueError: bad value \(1 of 3") as caught:
        run.result()
    error = caught.value
    assert (error.item_id, error.error_type, error.error_message, error.traceback) == (
        2,
        "ValueError",
        "bad\nvalue",
        "T",
    )
    assert error.node_type in {node["type"] for node in server.rows[2]["graph"]["nodes"].values()}
    assert error.submission
    assert error.submission.item_ids == (1, 2, 3)
    assert widths(error.partial) == ["[64]", "[192]"]


def pruned_unseen() -> tuple[Run, Server]:
    """A run whose batch was accepted while the answer was lost; its first item is pruned before the client sees it."""
    run = Run(cards(3), server := Server(seconds=2))
    server.fates, server.away = {POST: ["after"]}, [(0.03, 3.0)]
    pass_time = server.advance

    def prune_too() -> None:
        pass_time()
        if server.now() > 2.5:
            server.prune()
            server.advance = pass_time  # type: ignore[method-assign]

    server.advance = prune_too  # type: ignore[method-assign]
    return run, server


def test_items_that_were_pruned_early_are_missing_and_the_others_continue() -> None:
    run, server = pruned_unseen()
    outcome = run.outcome()
    assert isinstance(outcome, RunCanceled)
    assert "1 of 3 items are not in the server's queue" in str(outcome)
    assert widths(outcome.partial) == ["[128]", "[192]"]
    all_ran_once(server, 3)


def test_another_process_does_not_cancel_a_partly_pruned_batch() -> None:
    run, server = pruned_unseen()
    run.timeout = 2.0
    uncertain = run.outcome()
    assert isinstance(uncertain, EnqueueUncertain)
    assert uncertain.submission
    steps = finish(
        type(run.flow),
        RunState(uncertain.submission),
        Context(ServerCache(), None),
        Deadline.after(None, run.driver.clock),
    )
    with pytest.raises(RunCanceled, match="1 of 3 items") as caught:
        run.driver.drive(steps)
    assert widths(caught.value.partial) == ["[128]", "[192]"]
    all_ran_once(server, 3)


def test_a_prune_in_the_middle_of_a_batch_loses_no_result_that_was_read() -> None:
    run = Run(cards(20), server := Server(seconds=1))
    advance = server.advance

    def prune_too() -> None:
        advance()
        if 9 < server.now() < 10:
            server.prune()

    server.advance = prune_too  # type: ignore[method-assign]
    outcome = run.outcome()
    assert isinstance(outcome, RunCanceled)
    assert "pruned" in str(outcome)
    assert outcome.submission
    # Only items that ended between two polls, at most two seconds apart, are missing.
    assert len(widths(outcome.partial)) >= 17


def test_a_cleared_queue_ends_the_wait() -> None:
    run = Run(cards(3), server := Server(seconds=10))
    advance = server.advance

    def clear_too() -> None:
        advance()
        if server.now() > 5:
            server.rows.clear()

    server.advance = clear_too  # type: ignore[method-assign]
    with pytest.raises(RunCanceled, match="no longer in the server's queue") as caught:
        run.result()
    assert caught.value.batch_id


def test_items_that_somebody_retried_are_not_ours() -> None:
    run = Run(cards(2), server := Server(seconds=5, fails=lambda values: values[0]["value"] == 64))
    advance = server.advance

    def retry_too() -> None:
        advance()
        if server.rows.get(1, {}).get("status") == "failed" and 99 not in server.rows:
            server.rows[99] = server.rows[1] | {"item_id": 99, "status": "pending", "retried_from_item_id": 1}
            server.rows[99]["since"] = server.now()

    server.advance = retry_too  # type: ignore[method-assign]
    with pytest.raises(RunFailed) as caught:
        run.result()
    assert caught.value.item_id == 1
    assert server.rows[99]["status"] != "canceled"


def test_what_somebody_retried_before_the_answer_was_lost_is_not_a_duplicate() -> None:
    run = Run(card(), server := Server(fails=lambda values: len(server.rows) == 1))
    server.fates = {POST: ["after"]}
    take = server.post

    def post(batch: dict[str, Any]) -> Response:
        taken = take(batch)
        server.settle()
        server.retry(1)
        return taken

    server.post = post  # type: ignore[method-assign]
    with pytest.raises(RunFailed) as caught:
        run.result()
    assert caught.value.item_id == 1
    server.settle()
    assert server.rows[2]["status"] == "completed"


def test_a_run_times_out_and_can_be_attached_to() -> None:
    run = Run(card(), server := Server(seconds=30), timeout=5.0)
    with pytest.raises(RunTimeout, match="0 of 1 items done") as caught:
        run.result()
    assert run.driver.now == pytest.approx(5.0, abs=0.1)
    assert caught.value.submission
    deadline = Deadline.after(None, run.driver.clock)
    state = RunState(caught.value.submission)
    assert run.driver.drive(finish(type(run.flow), state, Context(ServerCache(), None), deadline)).item_ids == [1]
    assert server.ran.total() == 1


def test_of_a_batch_that_arrived_twice_whoever_attaches_cancels_one() -> None:
    run = Run(card(), server := Server(seconds=30), timeout=0.1)
    server.fates = {POST: ["late 0.2"]}
    with pytest.raises(EnqueueUncertain) as caught:
        run.result()
    (post,) = (request for request in run.driver.requests if "enqueue_batch" in request.path)
    server._later.append((0.3, post))
    run.driver.now = 1.0
    assert caught.value.submission
    state = RunState(caught.value.submission)
    run.driver.drive(find(state, ServerCache(), run.driver.clock))
    assert [row["status"] for row in server.rows.values()] == ["in_progress", "canceled"]


@pytest.mark.parametrize("late", [0.5, 3.0, 14.0])
def test_a_batch_that_is_still_on_its_way_is_found_by_its_id(late: float) -> None:
    run = Run(card(), server := Server(), timeout=0.2)
    server.fates = {POST: [f"late {late}"]}
    with pytest.raises(EnqueueUncertain) as caught:
        run.result()
    state, deadline = RunState(submission_of(caught.value.batch_id)), Deadline.after(None, run.driver.clock)
    assert run.driver.drive(finish(type(run.flow), state, Context(ServerCache(), None), deadline)).item_ids == [1]


def test_of_a_batch_that_is_there_twice_its_id_finds_one() -> None:
    run = Run(cards(2), server := Server(seconds=30))
    context, deadline = Context(ServerCache(), None), Deadline.after(None, run.driver.clock)
    sent = run.driver.drive(submitted(run.flow, context, deadline)).submission
    (post,) = (request for request in run.driver.requests if "enqueue_batch" in request.path)
    server.handle(post)
    found = RunState(submission_of(sent.batch_id))
    run.driver.drive(find(found, context.cache, run.driver.clock))
    assert found.submission.item_ids == sent.item_ids


def test_no_request_may_take_longer_than_the_time_left() -> None:
    run = Run(card(), server := Server(seconds=30), timeout=3.0)
    with pytest.raises(RunTimeout):
        run.result()
    assert all(request.timeout is not None and request.timeout <= 3.0 for request in run.driver.requests)
    assert run.driver.requests[-1].timeout < run.driver.requests[0].timeout  # type: ignore[operator]
    assert server.log


# --- interrupts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(1, 16))
@pytest.mark.parametrize("count", [1, 3])
def test_an_interrupt_at_any_step_leaves_nothing_running(at: int, count: int) -> None:
    run = Run(cards(count), server := Server(seconds=100), interrupt=lambda number: number == at)
    with pytest.raises(KeyboardInterrupt) as caught:
        run.result()
    server.settle()
    assert not server.ran
    assert not may_still_run(caught.value)


@pytest.mark.parametrize("delay", [0.2, 1.5])
def test_an_interrupt_while_the_post_is_on_its_way_cancels_its_items(delay: float) -> None:
    server = Server(seconds=100)
    server.fates = {POST: [f"late {delay}"]}
    # Before the POST, the steps yield GetPolicy, a request for the room in the queue, Subscribe, and GetPolicy again.
    run = Run(cards(2), server, interrupt=lambda number: number == 5)
    with pytest.raises(KeyboardInterrupt):
        run.result()
    server.settle()
    assert len(server.rows) == 2
    assert not server.ran


def test_an_interrupt_before_the_answer_also_cancels_a_copy_of_the_batch_that_arrives_next() -> None:
    server = Server(seconds=100)
    server.fates = {POST: ["twice 0.05"]}
    run = Run(cards(2), server, interrupt=lambda number: number == 5)
    with pytest.raises(KeyboardInterrupt):
        run.result()
    server.settle()
    assert len(server.rows) == 4
    assert not server.ran


def test_a_cancel_that_fails_does_not_hide_the_interrupt() -> None:
    server = Server(seconds=100)
    run = Run(card(), server, interrupt=lambda number: number == 4)
    run.driver.reply = lambda request: answer({"detail": "no"}, 500) if "cancel" in request.path else server(request)
    with pytest.raises(KeyboardInterrupt) as caught:
        run.result()
    (note,) = caught.value.__notes__
    assert "may still run; client.cancel(" in note


@pytest.mark.parametrize("fate", ["", "after"])
def test_an_interrupt_between_two_steps_leaves_nothing_running(fate: str) -> None:
    for line in itertools.count(1):
        run = Run(card(), server := Server())
        server.fates = {POST: [fate]}
        outcome = interrupted_in(driving._driven, run.outcome, line=line)
        if not isinstance(outcome, KeyboardInterrupt):
            break
        assert not may_still_run(outcome), line
        ran = server.ran.total()
        server.settle()
        assert server.ran.total() == ran, line
    assert line > 30


@pytest.mark.parametrize(("seconds", "outcome"), [(100, "was canceled"), (0.001, "had ended")])
def test_an_interrupt_says_what_became_of_the_batch(seconds: float, outcome: str) -> None:
    run = Run(card(), Server(seconds=seconds), interrupt=lambda number: number == 6)
    with pytest.raises(KeyboardInterrupt) as caught:
        run.result()
    batch_id = caught.value.submission.batch_id  # type: ignore[attr-defined]
    assert caught.value.__notes__ == [f"invokable: batch {batch_id} {outcome}"]


def test_a_second_interrupt_ends_the_cleanup() -> None:
    run = Run(card(), Server(seconds=100), interrupt=lambda number: number in (4, 5))
    with pytest.raises(KeyboardInterrupt) as caught:
        run.result()
    (note,) = caught.value.__notes__
    assert f"batch {caught.value.submission.batch_id} may still run" in note  # type: ignore[attr-defined]


def test_an_interrupt_has_the_submission() -> None:
    for number, is_submitted in ((1, False), (6, True)):
        run = Run(card(), Server(seconds=100), interrupt=lambda n, number=number: n == number)  # type: ignore[misc]
        with pytest.raises(KeyboardInterrupt) as caught:
            run.result()
        assert hasattr(caught.value, "submission") == is_submitted


@pytest.mark.parametrize("after", range(8))
def test_a_run_can_be_closed_at_any_step(after: int) -> None:
    from invokable.runtime.steps.runs.run import run

    server = Server()
    steps = run(card(), Context(ServerCache(), None), Deadline.after(None, lambda: 0.0))
    reply: Any = None
    for _ in range(after):
        step = steps.send(reply)
        reply = _reply(server, step)
    steps.close()  # raises RuntimeError if a step follows
    assert inspect.getgeneratorstate(steps) == inspect.GEN_CLOSED


def _reply(server: Server, step: Any) -> Any:
    if isinstance(step, Request):
        step.transmission.may_have_arrived = True
        return server(step)
    return Policy() if isinstance(step, GetPolicy) else ReceivedEvents() if isinstance(step, AwaitEvents) else None


# --- everything together ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", slow_beyond(60, range(300)))
def test_no_item_is_lost_and_none_runs_twice(seed: int) -> None:
    draw = random.Random(seed)
    count = draw.choice([1, 1, 2, 5])
    server = Server(seconds=draw.choice([0.05, 1.0, 12.0]))
    unclear = [*SAYS_NOTHING, "429", "before", "late 1", "late 6", "late 13", "!502", "!503", "!429"]
    server.fates = {
        POST: draw.choices(unclear, k=draw.choice([0, 1, 1, 2])),
        STATUS: draw.choices([*SAYS_NOTHING, "before", "401", "404", "", "", ""], k=draw.randrange(8)),
        "items_by_ids": draw.choices([*SAYS_NOTHING, "before", ""], k=draw.randrange(3)),
        "/i/": draw.choices([*SAYS_NOTHING, "before", ""], k=draw.randrange(3)),
        LIST: draw.choices([*SAYS_NOTHING, "before", ""], k=draw.randrange(3)),
    }
    if draw.random() < 0.3:
        start = draw.uniform(0.5, 20)
        server.away = [(start, start + draw.uniform(1, 60))]
    stop_at = draw.randrange(1, 40) if draw.random() < 0.3 else 0
    timeout = draw.choice([None, None, None, 4.0, 30.0])
    run = Run(cards(count), server, timeout=timeout, interrupt=lambda number: number == stop_at)
    outcome = run.outcome()
    ran = server.ran.total()
    server.settle()
    assert all(times == 1 for times in server.ran.values())
    if isinstance(outcome, KeyboardInterrupt):
        certain = not may_still_run(outcome) and not any("late" in line for line in server.log)
        assert not certain or server.ran.total() == ran
    elif isinstance(outcome, Exception):
        assert isinstance(outcome, RunTimeout | EnqueueUncertain | ConnectionError)
        assert outcome.submission or not server.rows
    else:
        assert len(set(widths(outcome))) == count
        all_ran_once(server, count)
