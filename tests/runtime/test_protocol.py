"""Requests: what is repeated, what is not, and how a refusal reads."""

from __future__ import annotations

import pytest

from invokable.runtime import APIError, ConnectionError, NotInvokeAIError  # noqa: A004
from invokable.runtime.steps.protocol import Request, Response, fetch, send
from tests.runtime.driving import Driver, answer, in_turn, page

GET = Request("GET", "/api/v1/x")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_be_repeated_is_repeated_while_the_server_is_busy(status: int) -> None:
    driver = Driver(in_turn(answer({}, status), ConnectionError("gone", sent=True), answer({"a": 1})))
    assert driver.drive(fetch(GET)) == {"a": 1}
    assert len(driver.requests) == 3
    assert driver.slept > 0


def test_a_server_that_stays_away_is_told_after_four_attempts() -> None:
    driver = Driver(lambda _: ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        driver.drive(fetch(GET))
    assert len(driver.requests) == 4


@pytest.mark.parametrize("outcome", [answer({}, 503), ConnectionError("gone", sent=True)])
def test_what_changes_something_is_sent_once(outcome: Response | Exception) -> None:
    driver = Driver(lambda _: outcome)
    with pytest.raises((APIError, ConnectionError)):
        driver.drive(send(GET))
    assert len(driver.requests) == 1


def test_a_refusal_keeps_the_servers_words_and_not_what_was_sent() -> None:
    detail = [{"loc": ["body", "batch", "runs"], "msg": "too\nsmall", "input": {"secret": "x" * 9000}}, {"msg": "so"}]
    driver = Driver(in_turn(answer({"detail": detail}, 422)))
    with pytest.raises(APIError) as caught:
        driver.drive(fetch(GET))
    assert (caught.value.status, caught.value.detail) == (422, "body.batch.runs: too small; so")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("response", [page(), page(404), answer({"detail": "Method Not Allowed"}, 405), page(302)])
def test_what_is_no_answer_of_the_api_asks_whether_the_address_is_right(response: Response) -> None:
    with pytest.raises(NotInvokeAIError, match="is the address right"):
        Driver(lambda _: response).drive(fetch(GET))


def test_broken_json_is_told() -> None:
    with pytest.raises(NotInvokeAIError, match="broken JSON"):
        Driver(lambda _: Response(200, "application/json", b"{", "GET", "http://server")).drive(fetch(GET))
