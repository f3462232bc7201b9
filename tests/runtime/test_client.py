"""Client: what leaves it, what it never lets go, and what it puts on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage

from invokable import Client, ConnectionError, ValidationError  # noqa: A004
from invokable.runtime import APIError, Image, NotInvokeAIError

URL = "http://server.test:9090/invoke"
MODELS = [
    {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k2", "hash": "h2", "name": "twice", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k3", "hash": "h3", "name": "twice", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k4", "hash": "h4", "name": "large", "base": "sdxl", "type": "main", "variant": "normal"},
]


def client(reply: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    return Client(URL, transport=httpx.MockTransport(reply), **options)


def test_the_token_goes_to_the_server_and_nowhere_else() -> None:
    seen = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers["Authorization"]))
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/"})

    with client(reply, token="t0ken") as opened, pytest.raises(NotInvokeAIError) as caught:
        opened.version()
    assert seen == [(f"{URL}/api/v1/app/version", "Bearer t0ken")]
    assert "t0ken" not in f"{opened!r} {caught.value!r} {caught.value}"


@pytest.mark.parametrize("url", ["server:9090", "ftp://server", "http://", "http://user:secret@server"])
def test_what_is_no_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"address") as caught:
        Client(url)
    assert "secret" not in str(caught.value)


def test_a_closed_client_says_so() -> None:
    opened = client(lambda _: httpx.Response(200, json={"version": "1"}))
    opened.close()
    with pytest.raises(RuntimeError, match="closed"):
        opened.version()


def test_a_broken_connection_tells_whether_the_request_was_sent() -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with client(reply) as opened, pytest.raises(ConnectionError) as caught:
        opened.boards.create("b")
    assert caught.value.sent


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("dream", "did you mean 'dreams'"),
        ("large", "is a main model of sdxl; wanted: main of sd-1"),
        ("twice", "key k2.*key k3"),
    ],
)
def test_a_model_that_is_not_there_is_told_before_anything_is_sent(model: str, words: str) -> None:
    methods = []

    def reply(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json={"models": MODELS})

    with client(reply) as opened, pytest.raises(ValidationError, match=words):
        opened.run(SD15TextToImage(model=model))
    assert set(methods) == {"GET"}


def test_a_file_that_is_not_there_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with (
        client(lambda _: httpx.Response(500)) as opened,
        pytest.raises(ValidationError, match="cannot be read") as caught,
    ):
        opened.run(ColourCard(stamp=tmp_path / "missing.png"))
    assert [problem.index for problem in caught.value.errors] == [3]


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "..", ".hidden.png", "a\\b.png", "x" * 500])
def test_a_servers_name_never_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    saved = Image(name, None, None, None, lambda path: b"data").save(tmp_path / "out")
    assert saved.parent == tmp_path / "out"
    assert saved.read_bytes() == b"data"
    assert not saved.name.startswith(".")


def test_a_download_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "card.png"
    target.write_bytes(b"old")

    def broken(path: str) -> bytes:
        raise APIError(404, "Not Found")

    with pytest.raises(APIError):
        Image("a.png", None, None, None, broken).save(target)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"card.png": b"old"}
