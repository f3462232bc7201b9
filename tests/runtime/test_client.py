"""Client: what it sends, what it keeps secret, and what it writes to disk."""

from __future__ import annotations

import copy
import errno
import gzip
import pickle
import re
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import BufferedWriter, BytesIO, RawIOBase
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
import numpy
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage

import invokable
from invokable import (
    APIError,
    Board,
    Client,
    ConnectionError,  # noqa: A004
    Image,
    InvokableError,
    NodeFinished,
    NotFoundError,
    NotInvokeAIError,
    Policy,
    Problem,
    RunFailed,
    Submission,
    ValidationError,
    Video,
)
from invokable.runtime.client.saving import PendingFile
from invokable.runtime.steps.exchange.protocol import Request
from invokable.runtime.steps.exchange.responses import parse
from invokable.runtime.values.media import bound
from invokable.testing import Simulator
from tests.testing.asking import picture

PNG = b"\x89PNG\r\n\x1a\n and so on\0\0\0\0IEND\xaeB`\x82"
URL = "http://server.test:9090/invoke"
MODELS = [
    {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k2", "hash": "h2", "name": "twice", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k3", "hash": "h3", "name": "twice", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k4", "hash": "h4", "name": "large", "base": "sdxl", "type": "main", "variant": "normal"},
]


def client(reply: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    def streamed(request: httpx.Request) -> httpx.Response:
        response = reply(request)
        if not response.is_closed:
            return response
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(response.content))

    return Client._over(httpx.MockTransport(streamed), URL, policy=Policy(first_pause=0), **options)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_represent_is_not_sent(number: float) -> None:
    # The server would accept it and keep it in its queue.
    sent = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json=None)

    with client(reply) as opened:
        opened._engine.transport.send(Request("POST", "/api", json=["NaN, Infinity, ä", 10**30]))
        assert sent == ['["NaN, Infinity, ä",1000000000000000000000000000000]'.encode()]
        with pytest.raises(ValueError, match="not JSON compliant"):
            opened._engine.transport.send(Request("POST", "/api", json={"value": [number]}))
    assert len(sent) == 1


def test_a_value_that_json_cannot_represent_is_refused_in_the_words_of_python() -> None:
    with Simulator() as simulator:
        with pytest.raises(TypeError, match=r"^Object of type object is not JSON serializable"):
            simulator.client().models.install("/x", config={"a": object()})
        assert not simulator.requests


@pytest.mark.parametrize(("plain", "encoding"), [(False, "gzip"), (True, "identity")])
def test_a_request_says_whether_its_answer_may_be_compressed(plain: bool, encoding: str) -> None:
    seen = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Accept-Encoding"])
        return httpx.Response(200, json=None)

    with client(reply) as opened:
        opened._engine.transport.send(Request("POST", "/api", json=[], plain=plain))
    assert seen == [encoding]


def test_the_token_is_sent_only_to_the_server() -> None:
    seen = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers["Authorization"]))
        return httpx.Response(307, headers={"Location": "http://elsewhere.test/"})

    with client(reply, token="t0ken") as opened, pytest.raises(NotInvokeAIError) as caught:
        opened.version()
    assert seen == [(f"{URL}/api/v1/app/version", "Bearer t0ken")]
    assert "t0ken" not in f"{opened!r} {caught.value!r} {caught.value}"


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret\r\nX-Evil: 1", "s3crét", "s3 cret", " s3cret", "s3cret\x00"])
def test_a_token_that_is_invalid_in_a_header_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="the token contains a character") as caught:
        Client(URL, token=token)
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize("url", ["server:9090", "ftp://server", "http://", "http://user:secret@server"])
def test_an_invalid_server_url_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="server URL") as caught:
        Client(url)
    assert "secret" not in str(caught.value)


def test_a_closed_client_raises_an_error() -> None:
    opened = client(lambda _: httpx.Response(200, json={"version": "1"}))
    opened.close()
    with pytest.raises(RuntimeError, match="closed"):
        opened.version()


def test_a_name_that_no_address_can_have_is_an_error_of_the_package() -> None:
    with client(lambda request: httpx.Response(200)) as opened, pytest.raises(ConnectionError, match="not a valid URL"):
        opened.style_presets.get("x" * 70_000)


def test_a_refusal_names_its_request() -> None:
    refused = client(lambda request: httpx.Response(403, json={"detail": "not yours"}))
    with refused, pytest.raises(APIError, match="not yours") as caught:
        refused.version()
    assert (caught.value.method, caught.value.url) == ("GET", f"{URL}/api/v1/app/version")


@pytest.mark.parametrize(
    ("broken", "sent"),
    [
        (httpx.ReadError, True),
        (httpx.WriteError, True),
        (httpx.ReadTimeout, True),
        (httpx.WriteTimeout, True),
        (httpx.RemoteProtocolError, True),
        (httpx.DecodingError, True),
        (httpx.ConnectError, False),
        (httpx.ConnectTimeout, False),
        (httpx.PoolTimeout, False),
        (httpx.ProxyError, False),
        (httpx.LocalProtocolError, False),
    ],
)
def test_a_broken_connection_says_whether_the_request_may_have_arrived(
    broken: type[httpx.RequestError], sent: bool
) -> None:
    def reply(request: httpx.Request) -> httpx.Response:
        raise broken("reset", request=request)

    with client(reply) as opened, pytest.raises(ConnectionError) as caught:
        opened.boards.create("b")
    assert caught.value.sent is sent


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.version(),
        lambda client: list(client.models.list()),
        lambda client: list(client.boards.list()),
        lambda client: client.boards.create("b"),
        lambda client: client.upload(b"x"),
        lambda client: client.check(ColourCard),
        lambda client: client.run(ColourCard(stamp=b"x")),
    ],
    ids=["version", "models", "boards", "create", "upload", "check", "run"],
)
@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, json={"hello": "world"}),
        httpx.Response(200, json=["hello"]),
        httpx.Response(200, json=7),
        httpx.Response(200, html="<html>"),
        httpx.Response(200, content=b"{", headers={"Content-Type": "application/json"}),
    ],
    ids=["object", "list", "number", "page", "broken"],
)
def test_another_service_at_the_address_is_one_error(ask: Any, response: httpx.Response) -> None:
    with client(lambda _: response) as opened, pytest.raises(NotInvokeAIError, match="InvokeAI server"):
        ask(opened)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "ask an administrator"),
        (413, "send less"),
        (429, "try again later, or allow more retries with Policy(retries=…)"),
        (500, "see the server's log"),
        (502, "down or restarting; try again later"),
        (503, "busy or restarting; try again later"),
        (504, "timed out; try again later"),
    ],
)
def test_a_refusal_says_what_to_do_next(status: int, words: str) -> None:
    with (
        client(lambda _: httpx.Response(status, json={"detail": "no"})) as opened,
        pytest.raises(APIError, match=re.escape(f"{status} no (")) as caught,
    ):
        opened.boards.create("b")
    assert words in caught.value.advice
    assert str(caught.value).endswith(f"({caught.value.advice})")


def bomb(mebibytes: int) -> bytes:
    """Data that decompresses to `size` bytes: a repeated block, since compressing it all would take a second."""
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    first, block = (packing.compress(b" " * 2**20) + packing.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + block * (mebibytes - 1)


def test_a_gzip_bomb_decompresses_to_its_size() -> None:
    assert zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(bomb(3)) == b" " * 3 * 2**20


@pytest.mark.parametrize(
    "body",
    [lambda: b"not gzip", lambda: gzip.compress(bytes(range(256)) * 9)[:99], lambda: bomb(200)],
    ids=["no gzip", "cut off", "bomb"],
)
def test_a_body_that_cannot_be_decompressed_is_a_connection_error(body: Callable[[], bytes]) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with (
        client(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body()))) as opened,
        pytest.raises((ConnectionError, NotInvokeAIError)) as caught,
    ):
        opened._drive(fetch_once())
    assert caught.value.sent


def test_the_name_of_a_compression_may_be_in_capitals() -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "GZIP"}
    packed = gzip.compress(b'{"version": "6.14.2"}')
    with client(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed))) as opened:
        assert opened._drive(fetch_once()) == {"version": "6.14.2"}


def test_a_compressed_answer_that_was_cut_off_is_refused() -> None:
    whole = gzip.compress(b'{"version": "6.14.2"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with (
        # The JSON is complete, but its checksum is missing.
        client(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(whole[:-8]))) as opened,
        pytest.raises(ConnectionError, match="cut off"),
    ):
        opened._drive(fetch_once())


def test_a_gzip_bomb_takes_no_more_memory_than_the_largest_answer() -> None:
    body = bomb(256)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    tracemalloc.start()
    with (
        client(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))) as opened,
        pytest.raises(ConnectionError, match="larger than 64 MiB"),
    ):
        opened._drive(fetch_once())
    assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    tracemalloc.stop()


def fetch_once() -> Any:
    return parse((yield Request("GET", "/api/v1/app/version")))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("dream", "did you mean 'dreams'"),
        ("large", "is a main model of sdxl; expected: main model of sd-1"),
        ("twice", "key k2.*key k3"),
    ],
)
def test_a_missing_model_is_reported_before_anything_is_sent(model: str, words: str) -> None:
    methods = []

    def reply(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json={"models": MODELS, "version": "6.14.2"})

    with client(reply) as opened, pytest.raises(ValidationError, match=words):
        opened.run(SD15TextToImage(model=model))
    assert set(methods) == {"GET"}


# --- files ------------------------------------------------------------------------------------------------------------


def files(body: bytes = PNG, kind: str = "image/png", status: int = 200, **headers: str) -> Client:
    """A client of a server with one file."""
    stream = httpx.ByteStream(body)
    return client(lambda _: httpx.Response(status, headers={"Content-Type": kind, **headers}, stream=stream))


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "..", ".hidden.png", "a\\b.png", "x" * 500])
def test_a_name_from_the_server_never_leads_outside_the_folder(name: str, tmp_path: Path) -> None:
    pending = PendingFile(name, tmp_path / "out")
    pending.file.write(PNG)
    saved = pending.commit()
    assert saved.parent == tmp_path / "out"
    assert saved.read_bytes() == PNG
    assert not saved.name.startswith(".")


class FullDisk(RawIOBase):
    """A file on a full disk."""

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_no_temporary_file(tmp_path: Path) -> None:
    pending = PendingFile("a.png", tmp_path)
    pending.file.close()
    pending.file = cast("BinaryIO", BufferedWriter(FullDisk()))
    pending.file.write(PNG)  # kept in memory until the file is closed
    pending.discard()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "..", ""])
def test_a_name_that_would_change_the_path_is_not_downloaded(name: str, tmp_path: Path) -> None:
    with files() as opened, pytest.raises(NotFoundError, match="the server has no image"):
        opened.save(Image(name), tmp_path / "out")
    assert not list(tmp_path.rglob("*.png"))


def test_an_image_is_downloaded_through_the_client_that_returned_it(tmp_path: Path) -> None:
    with files() as opened:
        image = bound(Image("a.png"), opened)
        assert image.bytes() == opened.download(Image("a.png")) == PNG
        assert image.save(tmp_path / "b.png").read_bytes() == PNG
    with pytest.raises(RuntimeError, match=r"use client\.download"):
        Image("a.png").bytes()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_in_the_same_process_keeps_its_client(
    copied: Callable[[Any], Any], after_a_run: tuple[Simulator, Client, ColourCard.Result]
) -> None:
    _, _, result = after_a_run
    made = copied(result)
    assert (made.card, made.item_ids, made.batch_id) == (result.card, result.item_ids, result.batch_id)
    (output,) = made.by_node[made.card.node_id]
    for image in (made.card, copied(result.card), output.values["image"]):
        if copied in (copy.copy, copy.deepcopy):
            assert image.bytes() == result.card.bytes()
        else:
            with pytest.raises(RuntimeError, match="no client"):
                image.bytes()


def test_images_records_and_events_can_be_read_as_dicts(
    after_a_run: tuple[Simulator, Client, ColourCard.Result],
) -> None:
    _, client, result = after_a_run
    card = result.card
    assert asdict(card) == {"name": card.name, "width": card.width, "height": card.height, "node_id": card.node_id}
    (record,) = (one for one in client.images.list() if one == card)
    assert asdict(record)["category"] == record.category
    events = list(client.submit(ColourCard(stamp=picture())).events(timeout=60))
    made = [asdict(event)["images"] for event in events if isinstance(event, NodeFinished)]
    assert made[-1][0]["name"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 404, "body": b'{"detail":"Not Found"}', "kind": "application/json"}, NotFoundError),
        ({"body": b'{"error": "x"}', "kind": "application/json"}, NotInvokeAIError),
        ({"body": b'{"error": "x"}'}, NotInvokeAIError),
        ({"body": b"<html>", "kind": "text/html"}, NotInvokeAIError),
        ({"body": b""}, NotInvokeAIError),
        ({"body": b"", "status": 204}, NotInvokeAIError),
        ({"body": PNG, "kind": ""}, NotInvokeAIError),
        ({"body": gzip.compress(PNG), "Content-Encoding": "gzip"}, ConnectionError),
        ({"body": PNG, "Content-Disposition": 'inline; filename="b.png"'}, NotInvokeAIError),
    ],
    ids=["missing", "json", "json as png", "page", "empty", "no content", "no type", "compressed", "another file"],
)
def test_an_answer_that_is_not_an_image_is_not_saved(
    answer: dict[str, Any], error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    target = tmp_path / "card.png"
    target.write_bytes(b"old")
    with files(**answer) as opened, pytest.raises(error):
        opened.save(Image("a.png"), target)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"card.png": b"old"}


def test_as_many_files_are_downloaded_at_once_as_requested(tmp_path: Path) -> None:
    two, lock = threading.Barrier(2), threading.Lock()
    counts = [0]

    def reply(request: httpx.Request) -> httpx.Response:
        with lock:
            counts.append(counts[-1] + 1)
        two.wait(10)  # raises an error unless a second one is on its way
        with lock:
            counts.append(counts[-1] - 1)
        return httpx.Response(200, headers={"Content-Type": "image/png"}, stream=httpx.ByteStream(PNG))

    with client(reply) as opened:
        saved = opened.save_all([Image(f"{number}.png") for number in range(6)], tmp_path, at_once=2)
    assert [path.name for path in saved] == [f"{number}.png" for number in range(6)]
    assert max(counts) == 2


def test_at_least_one_file_is_downloaded_at_once(tmp_path: Path) -> None:
    with files() as opened, pytest.raises(ValueError, match="at_once is 0; expected at least 1"):
        opened.save_all([Image("a.png")], tmp_path, at_once=0)


def test_a_broken_download_is_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    attempts: list[httpx.Request] = []

    def halves() -> Iterator[bytes]:
        yield PNG[:5]
        if len(attempts) < 3:
            raise httpx.ReadError("reset")
        yield PNG[5:]

    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return halves()

    def reply(request: httpx.Request) -> httpx.Response:
        attempts.append(request)
        return httpx.Response(200, headers={"Content-Type": "image/png"}, stream=Body())

    with client(reply) as opened:
        assert opened.save(Image("a.png"), tmp_path / "a.png").read_bytes() == PNG
    assert len(attempts) == 3


@pytest.fixture(scope="module")
def after_a_run() -> Iterator[tuple[Simulator, Client, ColourCard.Result]]:
    with Simulator() as simulator:
        client = simulator.client()
        yield simulator, client, client.run(ColourCard(stamp=picture()))


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        ("save", lambda run: (run, "."), "got ColourCard.Result(card=Image("),
        ("save", lambda run: (run.images, "."), "; for a result or a list, use client.save_all"),
        ("download", lambda run: ("a.png",), "got 'a.png'; for a file on the server, pass client.image(name)"),
        ("thumbnail", lambda run: ("a.png",), "expected an Image or a Video"),
        ("download_into", lambda run: ("a.png", BytesIO()), "expected an Image or a Video"),
        ("save_all", lambda run: ("a.png", "."), "expected an Image or a Video"),
        ("attach", lambda run: (ColourCard, run), "expected a Submission or a batch id, got ColourCard.Result("),
        ("attach", lambda run: (ColourCard, {}), "got {}; read it with Submission.from_json"),
        ("attach", lambda run: (ColourCard, ""), "expected a Submission or a batch id, got ''"),
        ("cancel", lambda run: (run,), "; pass its batch_id"),
        ("cancel", lambda run: ("",), "expected a batch id, got ''"),
        ("upload", lambda run: (7,), "expected a path, bytes, a file object, a Pillow image or an array, got 7"),
        ("videos.upload", lambda run: (7,), "expected a path, bytes or a file object, got 7"),
        ("images.upload", lambda run: (Video("a.mp4"),), "a Pillow image or an array, got Video(name='a.mp4'"),
        ("videos.upload", lambda run: (run.card,), "expected a path, bytes or a file object, got Image(name="),
        ("clean_up", lambda run: (run,), "expected a Submission, such as job.submission or error.submission"),
        ("images.star", lambda run: (run.images,), "; pass several as *images"),
        ("images.delete", lambda run: (7,), "expected an image or its name, got 7"),
        ("images.delete", lambda run: (Video("a.mp4"),), "expected an image or its name, got Video(name='a.mp4'"),
        ("videos.star", lambda run: (run.card,), "expected a video or its name, got Image(name="),
        ("images.get", lambda run: (None,), "expected an image or its name, got None"),
        (
            "queue.cancel",
            lambda run: ([1, 2],),
            "a queue item or its id, a number, got [1, 2]; pass several as *items",
        ),
        ("queue.cancel_batch", lambda run: (["b-1"],), "expected a batch id, got ['b-1']; pass several as *batch_ids"),
        ("queue.cancel_batch", lambda run: (run,), "; pass its batch_id"),
        ("queue.cancel_destination", lambda run: (None,), "expected a destination, got None"),
        ("queue.delete_destination", lambda run: (None,), "expected a destination, got None"),
        ("queue.get", lambda run: ("5",), "expected a queue item or its id, a number, got '5'"),
        ("queue.get", lambda run: (True,), "expected a queue item or its id, a number, got True"),
        ("models.get_install", lambda run: (True,), "expected an installation or its id, a number, got True"),
        ("check", lambda run: (ColourCard(stamp="a.png"),), "expected a workflow class, got ColourCard("),
        ("check", lambda run: (ColourCard(stamp="a.png"),), "; pass its class, ColourCard"),
        ("server.check", lambda run: (None,), "expected a workflow class, got None"),
        ("image", lambda run: (7,), "expected an image or its name, got 7"),
        ("video", lambda run: (run.card,), "expected a video or its name, got Image("),
        ("save_all", lambda run: (run.card, "."), "; for one, use client.save"),
        ("save_all", lambda run: (7, "."), "expected a result, or images and videos, got 7"),
        ("boards.delete", lambda run: (7,), "expected a board or its name, got 7"),
        ("boards.create", lambda run: (None,), "expected the name of a board, got None"),
        ("boards.rename", lambda run: ("Foxes", 7), "expected the name of a board, got 7"),
        ("boards.get", lambda run: (None,), "expected the id of a board, got None"),
        ("models.get", lambda run: (7,), "expected the key of a model, got 7"),
        ("style_presets.get", lambda run: (None,), "expected the id of a style preset, got None"),
        ("style_presets.create", lambda run: (7,), "expected the name of a style preset, got 7"),
        ("workflows.get", lambda run: (None,), "expected the id of a workflow, got None"),
        ("workflows.find", lambda run: (None,), "expected the name of a workflow, got None"),
        ("download_into", lambda run: (run.card, None), "expected a file object, with a write method, got None"),
        ("download_into", lambda run: (run.card, "a.png"), "; for a path, use client.save"),
        ("models.find", lambda run: (7,), "expected a model or its name, got 7"),
        ("models.delete", lambda run: (b"x",), "expected a model or its name, got <1 bytes>"),
        ("models.cancel_install", lambda run: ("7",), "expected an installation or its id, a number, got '7'"),
        ("models.wait", lambda run: (None,), "expected an installation or its id, a number, got None"),
        ("style_presets.delete", lambda run: (7,), "expected a style preset or its name, got 7"),
        ("workflows.delete", lambda run: (7,), "expected a workflow of the library or its id, got 7"),
        ("workflows.save", lambda run: ("a.json",), "expected a workflow's document, a dict as json.load"),
    ],
)
def test_an_argument_of_another_kind_is_named(
    method: str, given: Callable[[Any], Any], words: str, after_a_run: tuple[Simulator, Client, ColourCard.Result]
) -> None:
    simulator, client, result = after_a_run
    asked = len(simulator.requests)
    with pytest.raises(TypeError, match=re.escape(words)):
        attrgetter(method)(client)(*given(result))
    assert len(simulator.requests) == asked


@pytest.mark.parametrize(
    "call",
    [
        lambda client, half: client.image(half),
        lambda client, half: client.images.get(half),
        lambda client, half: client.images.delete(*map(str, range(1000)), half),
        lambda client, half: client.images.star(half),
        lambda client, half: client.images.names(search=half),
        lambda client, half: client.images.upload(picture(), metadata={"a": [half]}),
        lambda client, half: client.boards.create(half),
        lambda client, half: client.boards.find(Board(id=half)),
        lambda client, half: client.models.get(half),
        lambda client, half: client.models.install("/models/fox.safetensors", config={half: 1}),
        lambda client, half: client.queue.cancel_batch(half),
        lambda client, half: client.queue.delete_destination(half),
        lambda client, half: list(client.workflows.list(tags=[half])),
        lambda client, half: client.workflows.save({"name": half}),
        lambda client, half: client.style_presets.create("Fox", positive_prompt=half),
        lambda client, half: client.run(ColourCard(stamp=Image(half))),
    ],
)
def test_text_that_cannot_be_sent_is_refused(
    call: Callable[[Client, str], object], after_a_run: tuple[Simulator, Client, ColourCard.Result]
) -> None:
    simulator, client, _ = after_a_run
    client.images.names()  # requests the version, once
    asked = len(simulator.requests)
    with pytest.raises(ValueError, match=r"'a\\ud800',? contains half of a character") as caught:
        call(client, "a\ud800")
    assert type(caught.value) is ValueError
    assert len(simulator.requests) == asked


def test_a_named_argument_of_another_kind_is_named(
    after_a_run: tuple[Simulator, Client, ColourCard.Result],
) -> None:
    simulator, client, result = after_a_run
    asked = len(simulator.requests)
    with pytest.raises(TypeError, match=r"got 'a\.png'; for a file on the server, pass client\.image"):
        client.boards.move("a.png", to="none")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a video or its name, got Image"):
        client.videos.move(result.card, to="Foxes")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"tags is 'card'; expected a list, such as \['portrait'\]"):
        client.workflows.list(tags="card")
    with pytest.raises(TypeError, match="expected a tag, got 7"):
        client.workflows.list(tags=[7])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"trigger_phrases is 'fox'; expected a list, such as \['red fox'\]"):
        client.models.update("Fox", trigger_phrases="fox")
    with pytest.raises(TypeError, match="expected a batch id, got 7"):
        client.queue.list(batch_id=7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected a destination, got 7"):
        client.queue.list(destination=7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="before is 7; expected a function"):
        client.submit(ColourCard(stamp=result.card), before=7)  # type: ignore[arg-type]
    for install in (client.models.install, client.models.wait):
        with pytest.raises(TypeError, match="on_progress is 7; expected a function, which is called with a Model"):
            install("/models/fox.safetensors", on_progress=7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="config is 'Fox'; expected a dict"):
        client.models.install("/models/fox.safetensors", config="Fox")  # type: ignore[arg-type]
    assert len(simulator.requests) == asked


@pytest.mark.parametrize("path", ["a\0b", "a\ud800"])
def test_a_path_that_no_file_can_have_cannot_be_read(
    path: str, after_a_run: tuple[Simulator, Client, ColourCard.Result]
) -> None:
    _, client, _ = after_a_run
    with pytest.raises(FileNotFoundError):
        client.images.upload(path)
    with pytest.raises(ValidationError, match=r"cannot read 'a.*No such file"):
        client.run(ColourCard(stamp=path))


def test_a_file_in_text_mode_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stamp.png"
    path.write_bytes(picture())
    with Simulator() as simulator, path.open(encoding="utf-8") as file:
        client = simulator.client()
        upload: Any = client.images.upload
        with pytest.raises(TypeError, match=r'expected a file object in binary mode, as open\(path, "rb"\) returns it'):
            upload(file)
        with pytest.raises(ValidationError, match="expected a file object in binary mode"):
            client.run(ColourCard(stamp=file))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["images", "videos"])
@pytest.mark.parametrize(
    ("metadata", "error", "words"),
    [
        ([1], TypeError, r"metadata is \[1\]; expected a dict"),
        ({"a": object()}, TypeError, "not JSON serializable"),
        ({"a": float("nan")}, ValueError, "not JSON compliant"),
    ],
)
def test_metadata_that_the_server_would_drop_is_refused(
    kind: str, metadata: Any, error: type[Exception], words: str, after_a_run: tuple[Simulator, Client, Any]
) -> None:
    simulator, client, _ = after_a_run
    asked = len(simulator.requests)
    with pytest.raises(error, match=words):
        getattr(client, kind).upload(picture(), metadata=metadata)
    assert not [request for request in simulator.requests[asked:] if request.method == "POST"]


@pytest.mark.parametrize("bar", [False, True])
def test_something_else_than_a_function_is_not_called_with_events(
    bar: bool, after_a_run: tuple[Simulator, Client, ColourCard.Result]
) -> None:
    simulator, client, _ = after_a_run
    asked = len(simulator.requests)
    with pytest.raises(TypeError, match="on_progress is 7; expected a function"):
        client.run(ColourCard(stamp=b"x"), on_progress=7, progress=bar)  # type: ignore[arg-type]
    assert len(simulator.requests) == asked


@pytest.mark.parametrize(
    "what", [lambda client, job: client, lambda client, job: job, lambda client, job: client.boards]
)
def test_a_client_and_its_jobs_are_not_pickled_and_say_what_to_do(what: Callable[[Any, Any], Any]) -> None:
    with Simulator() as simulator:
        client = simulator.client()
        job = client.submit(ColourCard(stamp=picture()))
        with pytest.raises(TypeError, match="a client cannot be pickled; create another one there, and attach to jobs"):
            pickle.dumps(what(client, job))


def test_an_item_id_may_be_a_number_of_numpy() -> None:
    with Simulator() as simulator:
        client = simulator.client()
        result = client.run(ColourCard(stamp=picture()))
        assert client.queue.get(numpy.int64(result.item_ids[0])).batch_id == result.batch_id  # type: ignore[arg-type]


EVIL = "a\nb\r\x1b[31m\x00\u202e\u2028"


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.attach(ColourCard, EVIL).result(timeout=1),
        lambda client: client.boards.find(EVIL),
        lambda client: client.images.get(EVIL),
        lambda client: client.models.find(EVIL),
        lambda client: client.run(SD15TextToImage(model=EVIL)),
        lambda client: client.run(ColourCard(stamp=Image("x.png"), board=EVIL)),
        lambda client: client.workflows.get(EVIL),
    ],
)
def test_an_error_that_repeats_an_id_or_a_name_is_one_line(ask: Callable[[Client], object]) -> None:
    with Simulator() as simulator, pytest.raises(InvokableError) as caught:
        ask(simulator.client())
    assert "a\\nb" in str(caught.value)
    assert str(caught.value).isprintable()
    assert str(caught.value) == caught.value.message == caught.value.args[0]


def test_only_the_problems_of_a_validation_error_have_lines() -> None:
    error = ValidationError([Problem(0, EVIL, "x", EVIL), Problem(1, "y", EVIL, "z")])
    assert [line.isprintable() for line in str(error).split("\n")] == [True, True]
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/"])
def test_an_id_that_would_change_the_path_is_not_found(name: str) -> None:
    with Simulator() as simulator:
        client = simulator.client()
        for get in (client.images.get, client.models.get, client.workflows.get, client.style_presets.get):
            with pytest.raises(NotFoundError):
                get(name)
        assert not [request for request in simulator.requests if "/i/" in request.path]


def test_errors_survive_pickling_with_their_attributes() -> None:
    about: dict[str, Any] = {"node_id": "n", "node_type": "t", "error_type": "E", "error_message": "m"}
    error = RunFailed(item_id=1, **about, traceback="T", failed=2, total=3)
    error.submission = Submission("m:C", "b", "d", 1, (1,))
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.submission, copy.traceback) == (RunFailed, str(error), error.submission, "T")
    assert (copy.failed, copy.total) == (2, 3)
    assert type(copy).__module__ == "invokable"


@pytest.mark.parametrize("name", sorted(set(invokable.__all__) - {"__version__"}))
def test_public_names_have_the_module_that_users_import_them_from(name: str) -> None:
    assert getattr(invokable, name).__module__ == "invokable"
