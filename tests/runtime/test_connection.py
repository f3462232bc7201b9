"""Connection: its options, environment variables, and secrets."""

from __future__ import annotations

import copy
import pickle
import sys
import traceback
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable import AsyncClient, Client, Connection, Policy
from invokable.runtime.client.connection import policy_of
from invokable.runtime.steps.exchange.policy import is_busy, retry_after_seconds

SECRETS = {"token": "t0ken-s3cret", "api_key": "k3y-s3cret"}
SIGN_IN = {"email": "me@example.org", "password": "p4ss-s3cret"}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN", "EMAIL", "PASSWORD", "API_KEY", "CA_FILE", "CLIENT_CERT", "CLIENT_KEY"):
        monkeypatch.delenv(f"INVOKEAI_{name}", raising=False)


@pytest.mark.parametrize(
    ("url", "origin", "socket"),
    [
        ("http://127.0.0.1:9090/", "http://127.0.0.1:9090", "ws/socket.io"),
        ("https://gpu.example.org/invoke/", "https://gpu.example.org", "invoke/ws/socket.io"),
        ("http://[::1]:9090/a/b", "http://[::1]:9090", "a/b/ws/socket.io"),
    ],
)
def test_the_socket_is_below_the_same_prefix(url: str, origin: str, socket: str) -> None:
    connection = Connection(url)
    assert (connection.origin, connection.socket_path) == (origin, socket)


def test_a_server_url_is_a_text() -> None:
    with pytest.raises(TypeError, match=r"expected the URL of a server, such as .*, got 9090"):
        Connection(9090)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        *("server:9090", "ftp://server", "http://", "http://server:port", "http://server:99999", "http://ser ver", ""),
        *("http://server/?a=b", "http://server/#x", "http://server\n", "http://[::1", "http://user:s3cret@[::1"),
    ],
)
def test_an_invalid_server_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="server URL") as caught:
        Connection(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"email": "me@x.org"}, "email and password must be given together"),
        ({"password": "s3cret"}, "email and password must be given together"),
        ({"token": "s3cret", **SIGN_IN}, "not both"),
        ({"token": "s3 cret"}, "the token contains a character"),
        ({"api_key": "s3cret\n"}, "the API key contains a character"),
        ({"headers": {"X-A": "s3\r\ncret"}}, "the value of the header X-A"),
        ({"headers": {"X A": "s3cret"}}, "'X A' is not the name"),
        ({"headers": {"Content-Length": "3"}}, "set by the client"),
        ({"headers": {"authorization": "Basic s3cret"}, "token": "s3cret"}, "not both"),
        ({"proxy": "ftp://user:s3cret@proxy"}, "'ftp://proxy' is not a proxy URL"),
        ({"proxy": "http://user:s3cret@proxy:port"}, "is not a proxy URL"),
        ({"certificate_key": "key.pem"}, "require a certificate"),
    ],
)
def test_an_option_that_cannot_be_sent_is_refused_and_not_shown(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Connection("http://server", **options)
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize("options", [SECRETS, SIGN_IN, {"headers": {"X-Key": "h3ad-s3cret"}}])
def test_secrets_do_not_show_and_are_not_pickled(options: dict[str, Any]) -> None:
    connection = Connection("http://server", proxy="http://user:pr0xy-s3cret@proxy:8080", **options)
    with Client(connection) as client:
        assert "s3cret" not in f"{connection!r} {client!r} {client._engine.transport!r} {vars(client)!r}"
    with pytest.raises(TypeError, match="cannot be pickled") as caught:
        pickle.dumps(connection)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
    assert copy.deepcopy(connection) == connection


def test_a_connection_without_secrets_can_be_pickled() -> None:
    connection = Connection("http://server/invoke", verify=False, proxy="http://proxy:8080")
    assert pickle.loads(pickle.dumps(connection)) == connection


@pytest.mark.parametrize(
    ("proxy", "port"), [("http://p", 80), ("https://p", 443), ("socks5://p", 1080), ("http://u:s@p:3128", 3128)]
)
def test_a_proxy_without_a_port_has_that_of_its_kind(proxy: str, port: int) -> None:
    assert Connection("http://server", proxy=proxy).proxy_port == port


@pytest.mark.parametrize(
    ("options", "is_secret"),
    [({}, False), ({"proxy": "http://p"}, False), ({"proxy": "http://u:s@p"}, True), ({"headers": {"X": "s"}}, True)],
)
def test_a_connection_is_secret_if_anything_in_it_is(options: dict[str, Any], is_secret: bool) -> None:
    assert Connection("http://server", **options).is_secret == is_secret


def test_a_socks_proxy_requires_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(RuntimeError, match=r"the proxy socks5://p:1 requires socksio \(pip install socksio\)"):
        Client(Connection("http://gpu.example.org", proxy="socks5://user:secret@p:1"))
    monkeypatch.setenv("ALL_PROXY", "socks5://p:1")
    with pytest.raises(RuntimeError, match="trust_env=False"):
        AsyncClient("http://gpu.example.org")
    Client(Connection("http://gpu.example.org", trust_env=False)).close()


def test_the_environment_describes_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Connection.from_environment() == Connection("http://127.0.0.1:9090")
    monkeypatch.setenv("INVOKEAI_URL", "http://gpu.test:9090/invoke")
    monkeypatch.setenv("INVOKEAI_TOKEN", "t")
    monkeypatch.setenv("INVOKEAI_API_KEY", "k")
    monkeypatch.setenv("INVOKEAI_CA_FILE", "ca.pem")
    monkeypatch.setenv("INVOKEAI_CLIENT_CERT", "client.pem")
    monkeypatch.setenv("INVOKEAI_CLIENT_KEY", "client.key")
    found = Connection.from_environment()
    assert (found.url, found.token, found.api_key, found.verify) == ("http://gpu.test:9090/invoke", "t", "k", "ca.pem")
    assert (found.certificate, found.certificate_key) == ("client.pem", "client.key")
    assert Connection.from_environment(token="other").token == "other"
    assert Connection.from_environment(**SIGN_IN).token is None
    with Client() as client:
        assert "gpu.test" in repr(client)


def test_credentials_from_the_environment_are_sent_only_to_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOKEAI_TOKEN", "t")
    assert Connection.from_environment("http://anywhere.test").token == "t"
    monkeypatch.setenv("INVOKEAI_URL", "http://gpu.test")
    assert Connection.from_environment("http://gpu.test:80/invoke").token == "t"
    for other in ("http://elsewhere.test", "https://gpu.test", "http://gpu.test:81"):
        assert Connection.from_environment(other).token is None


def test_a_client_accepts_a_connection_or_its_options() -> None:
    with pytest.raises(TypeError, match="pass token to the Connection"):
        Client(Connection("http://server"), token="t")
    with pytest.raises(TypeError, match="either a policy or a timeout"):
        Client("http://server", policy=Policy(), timeout=3)
    with pytest.raises(TypeError, match=r"^timeout is '5'; expected a number of seconds"):
        Client("http://server", timeout="5")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^timeout is 0; expected more than 0"):
        Client("http://server", timeout=0)


@pytest.mark.parametrize("name", ["token", "email", "password", "api_key"])
def test_a_credential_that_is_not_text_is_refused_without_showing_it(name: str) -> None:
    given: dict[str, Any] = {name: 71345}
    with pytest.raises(TypeError) as caught:
        Connection("http://server", **given)
    assert str(caught.value) == f"{name} is of type int; expected text"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"policy": 71345}, "policy is 71345; expected a Policy"),
        ({"verify": 71345}, "verify is 71345; expected True or False, a CA file or folder, or an ssl.SSLContext"),
    ],
)
def test_an_option_of_another_kind_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Client("http://server", **options)


def test_headers_of_another_kind_are_refused_without_showing_them() -> None:
    with pytest.raises(TypeError, match=r"^headers is of type list; expected a dict of values by name$"):
        Connection("http://server", headers=[("X-Key", "s3cret")])  # type: ignore[arg-type]


# --- the policy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"retries": -1}, "retries is -1"),
        ({"retries": 1.5}, "expected a whole number"),
        ({"retries": -1}, "retries is -1; expected a whole number, not negative"),
        ({"poll": 0}, "more than 0"),
        ({"total_timeout": float("nan")}, "total_timeout is nan"),
        ({"read_timeout": float("inf")}, "read_timeout is inf; expected a number of seconds"),
        ({"read_timeout": 1e308}, "read_timeout is 1e[+]308; expected a number of seconds"),
        ({"poll": 10**400}, "poll is 1000"),
        ({"connections": 0}, "at least 1"),
        ({"models": ("size",)}, "'key', 'hash', 'name'"),
    ],
)
def test_an_invalid_policy_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Policy(**options)


@pytest.mark.parametrize("given", [True, "5", None, []])
@pytest.mark.parametrize("name", ["retries", "connections", "jitter", "read_timeout"])
def test_a_policy_with_something_else_than_a_number_is_refused(name: str, given: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} is .*; expected a "):
        Policy(**{name: given})


def test_a_policy_takes_the_numbers_of_numpy() -> None:
    policy = Policy(retries=numpy.int64(2), poll=numpy.float32(0.5), read_timeout=numpy.float64(3))  # type: ignore[arg-type]
    assert policy == Policy(retries=2, poll=0.5, read_timeout=3)
    assert [type(number) for number in (policy.retries, policy.poll, policy.read_timeout)] == [int, float, float]
    assert policy_of(None, numpy.float32(3)) == policy_of(None, 3)  # type: ignore[arg-type]


def test_pauses_double_up_to_the_longest() -> None:
    policy = Policy(first_pause=0.5, longest_pause=3, jitter=0)
    assert [policy.pause(attempt) for attempt in range(5)] == [0.5, 1, 2, 3, 3]


def test_a_part_of_a_pause_is_random() -> None:
    pauses = {Policy(first_pause=1, jitter=0.5).pause(0) for _ in range(50)}
    assert len(pauses) > 1
    assert 1 <= min(pauses) <= max(pauses) <= 1.5


@given(st.integers(0, 10_000), st.floats(0, 1e9) | st.none())
def test_a_pause_is_at_least_as_long_as_requested_and_never_endless(attempt: int, asked: float | None) -> None:
    policy = Policy()
    pause = policy.pause(attempt, asked)
    assert min(asked or 0, policy.longest_retry_after) <= pause <= policy.longest_retry_after * (1 + policy.jitter)


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        ("7", "", 7.0),
        (" 7 ", "", 7.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:29:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "junk", 20.0),
        *((junk, "", None) for junk in ("", "soon", "-5", "1.5", "٣", "Wed, 99 Oct 2015", "9" * 5 + "x")),
    ],
)
def test_retry_after_as_a_number_or_a_date(header: str, date: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, date, now=1445412490.0) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_retry_after_is_seconds_or_none(header: str, date: str) -> None:
    found = retry_after_seconds(header, date, now=0.0)
    assert found is None or 0 <= found < 1e12


def test_a_refusal_with_the_servers_own_message_is_not_retried() -> None:
    assert is_busy(500, method="GET", from_invokeai=True)
    assert is_busy(500, method="POST", from_invokeai=False)
    assert not is_busy(500, method="POST", from_invokeai=True)
    assert {status for status in range(400, 600) if is_busy(status, method="GET", from_invokeai=True)} == (
        {408, 425, 429, 500, *range(502, 600)} - {505}
    )
