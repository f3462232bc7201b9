"""Certificates and proxies: real ones, created for the test."""

from __future__ import annotations

import builtins
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from generated_examples.colour_card import ColourCard

from invokable import AuthenticationError, CertificateError, Client, Connection, ConnectionError, Policy  # noqa: A004
from invokable.runtime.client._http import Transport
from invokable.runtime.client.socket import EventSocket
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import GetPolicy, Request
from invokable.testing import Simulator
from tests.runtime.asking import BOTH
from tests.runtime.relays import HttpProxy, below, listening, relay_to
from tests.testing.asking import picture

ONCE = Policy(retries=0, total_timeout=5)
Ask = Callable[..., str]


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and files with the certificates that it has signed."""

    ca: trustme.CA
    file: Path
    client: Path
    key: Path

    def server_side(self, *, asks: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1", "server.test").configure_cert(context)
        if asks:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    ca = trustme.CA()
    ours = ca.issue_cert("client.test")
    found = Authority(ca, folder / "ca.pem", folder / "client.pem", folder / "client.key")
    ca.cert_pem.write_to_path(found.file)
    ours.cert_chain_pems[0].write_to_path(found.client)
    ours.private_key_pem.write_to_path(found.key)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.serve()
        yield simulator


@pytest.fixture(scope="module")
def secure(server: Simulator, authority: Authority) -> Iterator[str]:
    with listening(relay_to(server.url), tls=authority.server_side()) as port:
        yield f"https://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def asking(server: Simulator, authority: Authority) -> Iterator[str]:
    with listening(relay_to(server.url), tls=authority.server_side(asks=True)) as port:
        yield f"https://127.0.0.1:{port}"


@pytest.mark.parametrize("version", BOTH)
def test_a_custom_certificate_authority(version: Ask, secure: str, authority: Authority, server: Simulator) -> None:
    assert version(secure, verify=str(authority.file)) == server.version
    assert version(secure, verify=authority.file) == server.version
    assert version(secure, verify=ssl.create_default_context(cafile=authority.file)) == server.version


@pytest.mark.parametrize("version", BOTH)
def test_an_untrusted_certificate_is_refused_immediately_with_advice(version: Ask, secure: str) -> None:
    with pytest.raises(CertificateError, match=r"not trusted.*pass the CA file as verify=") as caught:
        version(secure, policy=Policy(first_pause=60))  # no pause, since there is no retry
    assert not caught.value.sent


@pytest.mark.parametrize("version", BOTH)
def test_a_certificate_for_another_name_is_refused(version: Ask, secure: str, authority: Authority) -> None:
    with pytest.raises(CertificateError, match="'localhost'"):
        version(secure.replace("127.0.0.1", "localhost"), verify=authority.file, policy=ONCE)


@pytest.mark.parametrize("version", BOTH)
def test_disabled_verification_causes_a_warning(version: Ask, secure: str, server: Simulator) -> None:
    with pytest.warns(UserWarning, match="is not verified"):
        assert version(secure, verify=False) == server.version


@pytest.mark.parametrize("version", BOTH)
def test_a_client_certificate(version: Ask, asking: str, authority: Authority, server: Simulator) -> None:
    ours = Connection(asking, verify=authority.file, certificate=authority.client, certificate_key=authority.key)
    assert version(ours) == server.version


@pytest.mark.parametrize("version", BOTH)
def test_a_server_that_requires_a_client_certificate_is_reported(
    version: Ask, asking: str, authority: Authority
) -> None:
    with pytest.raises(CertificateError, match=r"requires a client certificate.*pass its file as certificate="):
        version(asking, verify=authority.file, policy=ONCE)


@pytest.mark.parametrize("version", BOTH)
def test_https_to_a_server_that_only_speaks_http(version: Ask, server: Simulator) -> None:
    with pytest.raises(ConnectionError, match="did you mean http://"):
        version(server.url.replace("http:", "https:"), policy=ONCE)


def test_unusable_certificate_files_are_named(tmp_path: Path, authority: Authority) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    for options, name in (
        ({"verify": tmp_path / "missing.pem"}, "missing.pem"),
        ({"verify": junk}, "junk.pem"),
        ({"certificate": junk}, "junk.pem"),
        ({"certificate": authority.client}, "client.pem"),  # its key is missing
    ):
        with pytest.raises(ValueError, match=f"{name}' cannot be used"):
            Client(Connection("https://server.test", **options))  # type: ignore[arg-type]


# --- proxies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", BOTH)
def test_http_goes_through_a_proxy_with_its_own_password(version: Ask, server: Simulator) -> None:
    proxy = HttpProxy("us er", "p@ss", hosts={"invokeai.test": int(server.url.rpartition(":")[2])})
    with listening(proxy.serve) as port:
        through = Connection("http://invokeai.test", proxy=f"http://us%20er:p%40ss@127.0.0.1:{port}")
        assert version(through) == server.version
    assert proxy.seen[0].startswith("GET http://invokeai.test/api/v1/app/version HTTP/1.1")


@pytest.mark.parametrize("version", BOTH)
def test_https_goes_through_a_tunnel_so_that_the_proxy_sees_no_token(
    version: Ask, secure: str, authority: Authority, server: Simulator
) -> None:
    proxy = HttpProxy(hosts={"server.test": int(secure.rpartition(":")[2])})
    with listening(proxy.serve) as port:
        through = Connection(
            "https://server.test", proxy=f"http://127.0.0.1:{port}", token="t0ken", verify=authority.file
        )
        assert version(through) == server.version
    assert [head.partition("\r\n")[0] for head in proxy.seen] == ["CONNECT server.test:443 HTTP/1.1"]
    assert "t0ken" not in proxy.seen[0]


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("", "requires a user and a password; give them in its URL, as in http://user:password@127.0.0.1:"),
        ("user:wr0ng@", "refused the user or the password in its URL"),
    ],
)
def test_a_proxy_that_refuses_a_password_is_named_without_it(
    version: Ask, scheme: str, given: str, advice: str
) -> None:
    proxy = HttpProxy("user", "right")
    with listening(proxy.serve) as port:
        through = Connection(f"{scheme}://server.test", proxy=f"http://{given}127.0.0.1:{port}")
        with pytest.raises(AuthenticationError, match=rf"407 .*\(the proxy http://127.0.0.1:{port} {advice}") as caught:
            version(through, policy=Policy(first_pause=60))  # no pause, since there is no retry
    assert "wr0ng" not in f"{through!r} {caught.value!r}"


def test_a_run_that_a_proxy_refuses_was_not_sent() -> None:
    proxy = HttpProxy("user", "right")
    request = Request("POST", "/api/v1/queue/default/enqueue_batch", json={})
    with listening(proxy.serve) as port:
        transport = Transport(Connection("http://server.test", proxy=f"http://127.0.0.1:{port}"), ONCE)
        with pytest.raises(AuthenticationError):
            transport.send(request)
    assert not request.transmission.may_have_arrived


@pytest.mark.parametrize("url", ["http://server.test", "https://server.test"])
@pytest.mark.parametrize("version", BOTH)
def test_a_proxy_that_cannot_be_reached_is_named_without_its_password(version: Ask, url: str) -> None:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))  # and does not listen
        proxy = f"127.0.0.1:{port.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"could not connect to the proxy http://{proxy}: .* running[?]$"):
            version(Connection(url, proxy=f"http://user:s3cret@{proxy}"), policy=ONCE)


@pytest.mark.parametrize("version", BOTH)
def test_a_proxy_that_reaches_no_server_is_named(version: Ask) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with listening(serve) as port:
        through = Connection("https://server.test", proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(ConnectionError, match=f"the proxy http://127.0.0.1:{port} refused .*: 502") as caught:
            version(through, policy=ONCE)
    assert not caught.value.sent


def test_the_environment_names_a_proxy_but_not_for_this_machine(
    server: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = HttpProxy(hosts={"invokeai.test": int(server.url.rpartition(":")[2])})
    with listening(proxy.serve) as port:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "other.test")
        assert BOTH[0](server.url) == server.version
        assert BOTH[0]("http://invokeai.test") == server.version
        assert len(proxy.seen) == 1
        assert Connection("http://localhost").proxy_url is None
        assert Connection("http://other.test").proxy_url is None
        assert Connection("http://invokeai.test", trust_env=False).proxy_url is None


def test_an_untrusted_certificate_is_not_tried_again() -> None:
    steps = fetch(Request("GET", "/api/v1/app/version"))
    assert isinstance(next(steps), GetPolicy)
    assert isinstance(steps.send(Policy(retries=5)), Request)
    with pytest.raises(CertificateError):
        steps.throw(CertificateError("not trusted"))


# --- events ---------------------------------------------------------------------------------------------------------


def questions(connection: Connection, server: Simulator) -> list[str]:
    """What a run asks about its items; nothing if their events arrive.

    The first run polls if the socket takes long to open, on a busy machine; one of the next does not.
    """
    paths: list[str] = []
    with Client(connection) as client:
        for _ in range(3):
            before = len(server.requests)
            client.run(ColourCard(stamp=picture(), width=64, height=64), timeout=60)
            asked = [request.path for request in server.requests[before:] if "/queue/" in request.path]
            paths = [path for path in asked if not path.endswith("/enqueue_batch")]
            if not paths:
                break
    return paths


def test_events_arrive_where_a_client_certificate_is_required(
    asking: str, authority: Authority, server: Simulator
) -> None:
    ours = Connection(asking, verify=authority.file, certificate=authority.client, certificate_key=authority.key)
    assert questions(ours, server) == []


def test_the_socket_is_below_the_same_path_and_sends_the_same_headers(server: Simulator) -> None:
    heads: list[str] = []
    with listening(below("/invoke", server.url, heads)) as port:
        ours = Connection(f"http://127.0.0.1:{port}/invoke", token="t0ken", api_key="k", headers={"X-Team": "art"})
        assert questions(ours, server) == []
    (opening,) = [head for head in heads if "upgrade: websocket" in head.lower()]
    assert opening.startswith("GET /invoke/ws/socket.io/?")
    assert {"Authorization: Bearer t0ken", "X-API-Key: k", "X-Team: art"} <= set(opening.split("\r\n"))


def test_events_arrive_through_a_proxy_with_a_password(server: Simulator) -> None:
    proxy = HttpProxy("us er", "p@ss", hosts={"invokeai.test": int(server.url.rpartition(":")[2])})
    with listening(proxy.serve) as port:
        through = Connection("http://invokeai.test", proxy=f"http://us%20er:p%40ss@127.0.0.1:{port}")
        assert questions(through, server) == []
    assert "CONNECT invokeai.test:80 HTTP/1.1" in [head.partition("\r\n")[0] for head in proxy.seen]


def test_a_proxy_that_refuses_the_socket_is_named_without_its_password() -> None:
    proxy = HttpProxy("user", "right")
    with listening(proxy.serve) as port:
        through = Connection("http://invokeai.test", proxy=f"http://user:wr0ng@127.0.0.1:{port}")
        events = EventSocket(through, None, lambda *_: True, lambda *_: None, lambda: None, lambda: False)
        with pytest.raises(builtins.ConnectionError, match=rf"^the proxy http://127.0.0.1:{port} refused: .* 407$"):
            events.open()


def test_a_given_proxy_serves_events_of_any_host(server: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")  # applies to a proxy from the environment only
    proxy = HttpProxy()
    with listening(proxy.serve) as port:
        assert questions(Connection(server.url, proxy=f"http://127.0.0.1:{port}"), server) == []
    assert [head for head in proxy.seen if head.startswith("CONNECT 127.0.0.1:")]


def test_an_https_proxy_is_sent_nothing_without_tls(authority: Authority, server: Simulator) -> None:
    # The library for websockets would send it the password and the token as plain text.
    proxy = HttpProxy("user", "s3cret", hosts={"invokeai.test": int(server.url.rpartition(":")[2])})
    first = []

    def serve(client: socket.socket) -> None:
        first.append(client.recv(1, socket.MSG_PEEK))
        with authority.server_side().wrap_socket(client, server_side=True) as wrapped:
            proxy.serve(wrapped)

    with listening(serve) as port:
        through = Connection(
            "http://invokeai.test", proxy=f"https://user:s3cret@127.0.0.1:{port}", verify=authority.file
        )
        assert questions(through, server) != []  # events do not arrive
    assert set(first) == {b"\x16"}  # a TLS handshake
