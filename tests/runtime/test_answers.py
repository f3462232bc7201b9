"""Requests: which are retried, which are not, and how a refusal is reported."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable import APIError, ConnectionError, NotInvokeAIError, Policy  # noqa: A004
from invokable.codegen import Options
from invokable.runtime.steps.exchange import answers
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.protocol import Request, Response
from invokable.runtime.steps.exchange.responses import parse, read
from invokable.runtime.steps.resources.server_info import openapi
from invokable.testing import Simulator
from invokable.workflow import WorkflowFileError, read_document
from invokable.workflow.document import MAX_DEPTH
from tests.examples import imported, workflow_class
from tests.runtime.driving import Driver, answer, in_turn, page
from tests.workflow.builders import form, node, workflow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READERS: list[Any] = [
    answers.BatchStatus,
    answers.Enqueued,
    answers.ItemPage,
    answers.ModelList,
    answers.OpenAPI,
    answers.Prompts,
    answers.RunItem,
    answers.StoredImage,
    answers.StoredVideo,
    answers.Version,
    list[answers.RunItem],
    list[str],
]
GET = Request("GET", "/api/v1/x")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_repeatable_request_is_retried_while_the_server_is_busy(status: int) -> None:
    driver = Driver(in_turn(answer({}, status), ConnectionError("gone", sent=True), answer({"a": 1})))
    assert parse(driver.drive(fetch(GET))) == {"a": 1}
    assert len(driver.requests) == 3
    assert driver.now > 0.5


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_the_policy_limits_retries_while_the_server_is_unreachable(retries: int) -> None:
    driver = Driver(lambda _: ConnectionError("gone"))
    driver.policy = Policy(retries=retries)
    with pytest.raises(ConnectionError):
        driver.drive(fetch(GET))
    assert len(driver.requests) == retries + 1


def test_retry_after_is_honored() -> None:
    driver = Driver(in_turn(answer({}, 429, retry_after=5.0), answer({}, 503, retry_after=1e9), answer({"a": 1})))
    assert parse(driver.drive(fetch(GET))) == {"a": 1}
    assert 35 <= driver.now < 36


def test_a_refusal_keeps_the_servers_message_without_the_input() -> None:
    detail = [{"loc": ["body", "batch", "runs"], "msg": "too\nsmall", "input": {"secret": "x" * 9000}}, {"msg": "so"}]
    with pytest.raises(APIError) as caught:
        parse(answer({"detail": detail}, 422))
    assert (caught.value.status, caught.value.detail) == (422, "body.batch.runs: too small; so")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["enum", "literal_error"])
def test_a_refused_word_is_reported_with_the_nearest(kind: str) -> None:
    problem = {"type": kind, "loc": ["query", "order"], "msg": "Input should be 'ASC' or 'DESC'", "input": "DESK"}
    with pytest.raises(APIError, match=r"query\.order: Input should be 'ASC' or 'DESC' \(did you mean 'DESC'\?\)"):
        parse(answer({"detail": [{**problem, "ctx": {"expected": "'ASC' or 'DESC'"}}]}, 422))


def deep_workflow(levels: int) -> bytes:
    """A workflow that nests so deep."""
    value: Any = 1
    for _ in range(levels - 6):  # above the value of an input
        value = [value]
    deep = node("deep", "core_metadata", extra=value)
    return json.dumps(workflow(deep, node("a", "add", a=1), form=form("a.a"))).encode()


def test_answers_are_read_that_repeat_the_deepest_workflow() -> None:
    with pytest.raises(WorkflowFileError, match="levels deep"):
        read_document(deep_workflow(MAX_DEPTH + 1))
    module = imported(read_document(deep_workflow(MAX_DEPTH)), Options(lenient=True))
    with Simulator() as server, server.client() as client:
        assert client.run(workflow_class(module)()).item_ids


@pytest.mark.parametrize(
    "response", [page(), page(404), answer({"detail": "Method Not Allowed"}, 405), page(302), answer({}, 307)]
)
def test_an_answer_from_another_service_suggests_checking_the_address(response: Response) -> None:
    with pytest.raises(NotInvokeAIError, match="is this the address of an InvokeAI server"):
        parse(response)


def test_an_unknown_path_is_reported_as_such() -> None:
    with pytest.raises(NotInvokeAIError, match="answered 405; the server has no such path; is this the address"):
        parse(answer({"detail": "Method Not Allowed"}, 405))


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_invalid_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotInvokeAIError, match="invalid JSON"):
        parse(Response(200, "application/json", body, "GET", "http://server"))


@pytest.mark.parametrize("kind", READERS, ids=lambda kind: getattr(kind, "__name__", str(kind)))
@given(document=JSON)
def test_an_answer_of_another_shape_is_refused(kind: Any, document: Any) -> None:
    """Any answer either has the right shape or raises one kind of error."""
    outcome: Any = None
    try:
        outcome = read(answer(document), kind)
    except NotInvokeAIError as error:
        outcome = error
    assert isinstance(outcome, list | NotInvokeAIError)
    assert isinstance(outcome, list) or "\n" not in str(outcome)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"item_id": 1, "batch_id": "b", "status": 7}]', r"not in InvokeAI's format \(0\.status: "),
        (b"7", r"not in InvokeAI's format \(the document: "),
        (b"[7", "answered with invalid JSON"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(body: bytes, words: str) -> None:
    with pytest.raises(NotInvokeAIError, match=words):
        read(Response(200, "application/json", body, "GET", "http://server"), list[RunItem])


def test_an_item_that_waits_for_its_children_is_open() -> None:
    counts = {"pending": 0, "in_progress": 1, "waiting": 1, "completed": 1, "failed": 1, "canceled": 1, "total": 5}
    status = answers.BatchStatus.model_validate({"batch_id": "b", **counts})
    assert (status.open, status.ended) == (2, 3)


def test_a_slash_in_a_name_does_not_change_the_path() -> None:
    assert in_path("a/b") == "a%2Fb"


def test_null_and_unknown_members_are_ignored() -> None:
    item = read(answer({"item_id": 1, "batch_id": "b", "status": "failed", "error_type": None, "new": {}}), RunItem)
    assert (item.error_type, item.ended) == (None, True)


def test_a_crowded_schema_is_refused_before_it_takes_memory() -> None:
    driver = Driver(lambda _: answer({"components": [{}] * 50_000}))
    with pytest.raises(NotInvokeAIError, match=r"answered with 50002 arrays and objects; an openapi.json of its size"):
        driver.drive(openapi())
    assert Driver(lambda _: answer({"components": {}})).drive(openapi()) == {"components": {}}
    for other in (answer([]), answer({}, 500), page(404)):
        with pytest.raises((APIError, NotInvokeAIError)):
            Driver(lambda _, other=other: other).drive(openapi())  # type: ignore[misc]
