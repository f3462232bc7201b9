"""Sockets: behavior that needs a real connection."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpcore
import pytest

from invokable import AsyncClient, Client, ConnectionError, Image, Policy  # noqa: A004
from invokable.runtime.client._http import network
from invokable.runtime.client._http.addresses import async_wait_for
from invokable.runtime.client._http.exchange import Exchange


class Handler(BaseHTTPRequestHandler):
    """Answers each image with its name, slowly for the token `slow`, and everything else with a version."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[list[Any]] = []
    served: ClassVar[list[Any]] = []
    """The connection of each request."""

    def setup(self) -> None:
        super().setup()
        self.connections.append(self.client_address)

    def do_GET(self) -> None:
        self.served.append(self.client_address)
        name = self.path.split("/")[-2]
        is_image = "/images/" in self.path
        body = (
            b"\x89PNG\r\n\x1a\n" + name.encode() * 2000 + b"\0\0\0\0IEND\xaeB`\x82"
            if is_image
            else json.dumps({"version": "1.0.0"}).encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "image/png" if is_image else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.headers.get("Authorization") != "Bearer slow":
            self.wfile.write(body)
            return
        try:
            for number in range(len(body)):
                self.wfile.write(body[number : number + 1])
                time.sleep(0.1)
        except OSError:
            pass

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_connection_that_idles_for_too_long_is_not_reused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_KEEPALIVE", 0.1)
    with Client(url) as client:
        Handler.connections.clear()
        client.version()
        time.sleep(0.2)
        client.version()
        assert len(Handler.connections) == 2


@pytest.mark.slow
def test_an_idle_connection_is_not_reused_but_one_in_use_is(url: str) -> None:
    # InvokeAI's server closes it after 5 s, and a request at that moment breaks.
    with Client(url) as client:
        Handler.connections.clear()
        client.version()
        client.version()
        assert len(Handler.connections) == 1
        time.sleep(2.1)
        client.version()
        assert len(Handler.connections) == 2


def test_only_as_many_connections_stay_open_as_the_policy_allows(url: str) -> None:
    with Client(url, policy=Policy(idle_connections=0)) as client:
        Handler.connections.clear()
        client.version()
        client.version()
        assert len(Handler.connections) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_children_of_a_fork_get_their_own_answers(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_KEEPALIVE", 60.0)  # there is a connection to share, however late the children start
    with Client(url) as client:
        client.version()
        parents = Handler.served[-1]
        Handler.served.clear()
        children = [_child(client, f"picture-{number}") for number in range(4)]
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0, 0]
        # One each, and not the parent's: on a shared connection, answers are mixed up only occasionally.
        assert (len(set(Handler.served)), parents in Handler.served) == (4, False)
        assert client.version() == "1.0.0"


def _child(client: Client, name: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        right = all(name.encode() in client.download(Image(name)) for _ in range(20))
        os._exit(0 if right else 1)
    finally:
        os._exit(2)


def test_each_address_of_a_server_is_tried(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: Future[list[str]] = Future()
    found.set_result(["127.0.0.2", "127.0.0.1"])  # nothing listens at the first
    monkeypatch.setattr(network, "look_up", lambda host, port: found)
    port = int(url.rpartition(":")[2])

    async def connect() -> None:
        await (await network._AsyncBackend(network.PoolState()).connect_tcp("two.test", port, 10)).aclose()

    network._Backend(network.PoolState()).connect_tcp("two.test", port, 10).close()
    asyncio.run(connect())


def test_a_task_is_told_why_it_cannot_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"

    async def main() -> None:
        async with AsyncClient(url, policy=Policy(retries=0)) as client:
            await client.version()

    with pytest.raises(ConnectionError) as caught:
        asyncio.run(main())
    assert "no address" not in str(caught.value)


def test_a_task_does_not_wait_for_addresses_without_end() -> None:
    with pytest.raises(httpcore.ConnectTimeout, match="resolving the server's name"):
        asyncio.run(async_wait_for(Future(), 0.01))


def test_nothing_is_read_when_the_time_of_the_exchange_is_over() -> None:
    with pytest.raises(httpcore.ReadTimeout):
        Exchange(time.monotonic() - 1).time_left(60, httpcore.ReadTimeout)


def test_a_trickling_answer_ends_at_the_timeout_of_the_exchange(url: str) -> None:
    start = time.monotonic()
    with Client(url, token="slow", timeout=0.3) as client, pytest.raises(ConnectionError, match="in time"):
        client._drive(_once())
    assert time.monotonic() - start < 1.5


def _once() -> Any:
    from invokable.runtime.steps.exchange.protocol import Request

    yield Request("GET", "/api/v1/app/version")
