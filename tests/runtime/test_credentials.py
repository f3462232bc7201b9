"""Credentials: signing in when necessary, only once, and without revealing secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from generated_examples.colour_card import ColourCard

from invokable import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    Connection,
    EnqueueUncertain,
    NotInvokeAIError,
    Policy,
)
from invokable import ConnectionError as Unreached
from invokable.runtime.steps.exchange.credentials import Credentials
from invokable.runtime.steps.exchange.protocol import Request, Response
from invokable.testing import Fault, Simulator
from tests.testing.asking import picture

EMAIL, PASSWORD = "me@example.org", "p4ss-w0rd-s3cret"
LOGIN = "/api/v1/auth/login"
ONCE = Policy(retries=0)


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(multiuser=True, users={"admin@example.org": "x", EMAIL: PASSWORD}) as simulator:
        simulator.serve()
        yield simulator


def models(client: Client) -> list[Any]:
    return list(client.models.list())


def ask(server: Simulator, **options: Any) -> Client:
    return Client(Connection(server.url, **options), policy=ONCE)


def logins(server: Simulator) -> list[int | None]:
    return [request.status for request in server.requests if request.path == LOGIN]


def test_a_run_signs_in_once(server: Simulator, stamp: bytes) -> None:
    with ask(server, email=EMAIL, password=PASSWORD) as client:
        assert client.run(ColourCard(stamp=stamp), timeout=60).card.bytes()
        models(client)
    assert logins(server) == [200]


def test_tasks_sign_in_once_together(server: Simulator) -> None:
    async def main() -> None:
        async with AsyncClient(server.url, email=EMAIL, password=PASSWORD) as client:
            await asyncio.gather(*(client.queue.status() for _ in range(20)))

    asyncio.run(main())
    assert logins(server) == [200]


def test_a_task_signs_in_before_the_socket_needs_a_token(server: Simulator) -> None:
    async def main() -> str | None:
        async with AsyncClient(server.url, email=EMAIL, password=PASSWORD) as client:
            return await client._engine.transport.token(60)

    assert asyncio.run(main())
    assert logins(server) == [200]


def test_a_task_whose_token_has_expired_signs_in_again(server: Simulator) -> None:
    async def main() -> None:
        async with AsyncClient(server.url, email=EMAIL, password=PASSWORD) as client:
            await client.queue.status()
            client._engine.transport._credentials.token = server.token(EMAIL, seconds=-1)
            await client.queue.status()

    asyncio.run(main())
    assert logins(server) == [200, 200]


def test_threads_whose_token_has_expired_sign_in_once_together(server: Simulator) -> None:
    with ask(server, email=EMAIL, password=PASSWORD) as client, ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: models(client), range(40)))
        assert logins(server) == [200]
        client._engine.transport._credentials.token = server.token(EMAIL, seconds=-1)
        list(threads.map(lambda _: models(client), range(40)))
    assert logins(server) == [200, 200]


def test_a_job_posted_with_an_expired_token_runs_once(server: Simulator, stamp: bytes) -> None:
    with ask(server, email=EMAIL, password=PASSWORD) as client:
        image = client.upload(stamp)
        client._engine.transport._credentials.token = server.token(EMAIL, seconds=-1)
        client.run(ColourCard(stamp=image), timeout=60)
    assert [job.status for job in server.jobs] == ["completed"]


def test_a_batch_that_was_refused_with_an_expired_token_has_not_arrived(server: Simulator) -> None:
    with Client(server.url, email=EMAIL, password=PASSWORD, policy=Policy(first_pause=0.01)) as client:
        image = client.upload(picture())
        client._engine.transport._credentials.token = server.token(EMAIL, seconds=-1)
        server.add_fault(Fault(kind="status", status=503, path="*/login"))
        with pytest.raises(Unreached, match="sign in") as caught:
            client.run(ColourCard(stamp=image), timeout=60)
    assert not isinstance(caught.value, EnqueueUncertain)
    assert not caught.value.sent


def test_answers_renew_a_token(server: Simulator) -> None:
    token = server.token(EMAIL, seconds=5)
    with ask(server, token=token) as client:
        models(client)
        assert client._engine.transport._credentials.token == token
        client.cancel("none")
        renewed = client._engine.transport._credentials.token
        assert renewed not in (None, token)
        models(client)


def test_a_renewed_token_of_an_older_sign_in_is_ignored() -> None:
    credentials = Credentials("new")
    credentials.renew("old", Response(200, "", b"", "PUT", "", new_token="older"))
    assert credentials.token == "new"


def test_a_missing_and_an_invalid_token_are_reported_with_advice(server: Simulator) -> None:
    for options in ({}, {"token": "junk"}):
        with ask(server, **options) as client, pytest.raises(AuthenticationError, match=r"token=.*INVOKEAI_TOKEN"):
            models(client)


def test_all_threads_try_a_wrong_password_once_and_do_not_show_it(server: Simulator) -> None:
    with ask(server, email=EMAIL, password="wr0ng-s3cret") as client, ThreadPoolExecutor(8) as threads:

        def failure(_: int) -> AuthenticationError:
            with pytest.raises(AuthenticationError, match=r"Incorrect email or password.*check the email") as caught:
                models(client)
            return caught.value

        errors = list(threads.map(failure, range(16)))
    assert len({id(error) for error in errors}) == 16  # each thread may attach its own submission
    assert "wr0ng" not in "".join(traceback.format_exception(errors[0]))
    assert pickle.loads(pickle.dumps(errors[0])).status == 401
    assert logins(server) == [401]


def test_an_answer_without_a_token_is_no_sign_in() -> None:
    credentials = Credentials(email=EMAIL, password=PASSWORD)
    with pytest.raises(Unreached, match=r"cannot sign in: http://a\.test returned no token"):
        credentials.accept(Response(200, "application/json", b'{"user": {}}', "POST", "http://a.test"))
    assert credentials.token is None


def test_a_refused_sign_in_is_tried_again_after_a_while() -> None:
    now = 0.0
    credentials = Credentials(email=EMAIL, password=PASSWORD, clock=lambda: now)
    with pytest.raises(AuthenticationError):
        credentials.accept(Response(401, "application/json", b"{}", "POST", LOGIN))
    with pytest.raises(AuthenticationError):
        credentials.still_wants_sign_in(None, refused=False)
    now = 60.0
    assert credentials.still_wants_sign_in(None, refused=False)


@pytest.mark.parametrize("version", ["6.14.2", "6.8.1"])
def test_a_server_without_users_needs_no_sign_in(version: str) -> None:
    with Simulator(version) as simulator:
        client = simulator.client(email=EMAIL, password=PASSWORD)
        models(client)
        models(client)
        assert [r.path for r in simulator.requests].count(LOGIN) == 1


@pytest.mark.parametrize("kind", ["status", "cut_after", "html", "garbled"])
def test_a_failed_sign_in_is_retried_before_anything_is_sent(kind: str, server: Simulator, stamp: bytes) -> None:
    server.add_fault(Fault(kind=kind, path="*/login", times=2))
    with Client(server.url, email=EMAIL, password=PASSWORD, policy=Policy(first_pause=0.01)) as client:
        client.run(ColourCard(stamp=stamp), timeout=60)
    assert [job.status for job in server.jobs] == ["completed"]


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_that_has_given_a_token_still_has_users_if_a_proxy_does_not_find_it(
    status: int, server: Simulator, stamp: bytes
) -> None:
    with Client(server.url, email=EMAIL, password=PASSWORD, policy=Policy(first_pause=0.01)) as client:
        image = client.upload(stamp)
        client._engine.transport._credentials.token = server.token(EMAIL, seconds=-1)
        server.add_fault(Fault(kind="status", status=status, path="*/login", times=2))
        client.run(ColourCard(stamp=image), timeout=60)
    assert [job.status for job in server.jobs] == ["completed"]


@pytest.mark.parametrize("token", ["", "two words", "ключ", "line\n"])
def test_a_token_that_cannot_be_sent_is_not_used(token: str) -> None:
    credentials = Credentials(email=EMAIL, password=PASSWORD)
    body = json.dumps({"token": token}).encode()
    with pytest.raises(Unreached, match="returned no token") as caught:
        credentials.accept(Response(200, "application/json", body, "POST", LOGIN))
    assert not caught.value.sent
    assert credentials.token is None


def test_a_lasting_failure_is_not_a_wrong_password(server: Simulator) -> None:
    server.add_fault(Fault(kind="status", status=503, path="*/login"))
    with (
        ask(server, email=EMAIL, password=PASSWORD) as client,
        pytest.raises(Unreached, match="sign in") as caught,
    ):
        models(client)
    assert not isinstance(caught.value, APIError)
    assert not caught.value.sent


def test_a_password_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Credentials(email=EMAIL, password=PASSWORD))


def test_secrets_are_not_logged(server: Simulator, stamp: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ask(server, email=EMAIL, password=PASSWORD, api_key="k3y") as client:
        client.run(ColourCard(stamp=stamp), timeout=60)
        token = client._engine.transport._credentials.token
    assert "receive_response_headers.complete" in caplog.text  # httpcore's own logs are included
    assert token
    assert token.rpartition(".")[2] not in caplog.text
    assert PASSWORD not in caplog.text
    assert "k3y" not in caplog.text


def test_the_client_is_quiet_by_default(server: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    server.add_fault(Fault(kind="status", path="*/models/", times=2))
    with Client(server.url, email=EMAIL, password=PASSWORD) as client:
        models(client)
    assert capfd.readouterr() == ("", "")


def test_without_a_token_nothing_is_said_about_one() -> None:
    seen: list[httpx.Headers] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json={"version": "6.14.2"})

    with Client._over(httpx.MockTransport(reply), Connection("http://a.test")) as client:
        client.version()
    assert "authorization" not in seen[0]


def test_headers_and_keys_are_sent_with_every_request_and_to_no_other_host() -> None:
    seen: list[httpx.Headers] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/x?y=z"})

    connection = Connection("http://a.test", token="t", api_key="k", api_key_header="X-Gate", headers={"X-A": "1"})
    with (
        Client._over(httpx.MockTransport(reply), connection) as client,
        pytest.raises(NotInvokeAIError, match=r"307 to http://elsewhere\.test/x with"),
    ):
        client.version()
    assert len(seen) == 1
    assert {name: seen[0][name] for name in ("authorization", "x-gate", "x-a")} == {
        "authorization": "Bearer t",
        "x-gate": "k",
        "x-a": "1",
    }


def test_waiting_for_another_threads_sign_in_ends_with_the_run(server: Simulator) -> None:
    server.add_fault(Fault(kind="latency", seconds=1, path="*/login"))
    with Client(server.url, email=EMAIL, password=PASSWORD) as client:
        first = threading.Thread(target=lambda: swallow(lambda: models(client)))
        first.start()

        def once() -> Any:
            yield Request("GET", "/api/v2/models/", timeout=0.3)

        with pytest.raises(Unreached, match="another thread or task was signing in"):
            client._engine.drive(once())
        first.join()


def test_waiting_for_another_tasks_sign_in_ends_with_the_request(server: Simulator) -> None:
    async def main() -> None:
        async with AsyncClient(server.url, email=EMAIL, password=PASSWORD) as client:
            transport = client._engine.transport
            async with transport._of_this_loop()[2]:
                with pytest.raises(Unreached, match="another thread or task was signing in"):
                    await transport.send(Request("GET", "/api/v2/models/", timeout=0.1))

    asyncio.run(main())


def swallow(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception:
        return


@pytest.fixture
def stamp() -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return file.getvalue()
