"""Models from a URL, on a real server: progress, failures, canceling and pausing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from invokable import Client, ModelInstall, ModelInstallError, NotFoundError, UnsupportedError
from tests.live.provision import DEFAULT_VERSION

PIECES = 8
SLOW = 0.3  # seconds for a piece, which is longer than the pause between two polls


@dataclass
class Shop:
    """A web server with one model, which it serves in several ways."""

    content: bytes
    url: str = ""
    tokens: list[str] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    """Whether `/slow` continues after its first piece."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.tokens.append(request.headers.get("Authorization", ""))
        if path == "/missing.safetensors":
            request.send_error(404)
            return
        content = b"not a model" * 1000 if path == "/junk.safetensors" else self.content
        whole, begin = len(content), int(request.headers.get("Range", "bytes=0-")[len("bytes=") : -1])
        content = content[begin:]
        request.send_response(206 if begin else 200)
        if begin:
            request.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Type", "application/octet-stream")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command == "HEAD":
            return
        size = -(-len(content) // PIECES)
        for start in range(0, len(content), size):
            if path == "/cut.safetensors" and start:
                request.connection.close()
                return
            if path == "/slow.safetensors" and start:
                self.open.wait(60)
                threading.Event().wait(SLOW)
            try:
                request.wfile.write(content[start : start + size])
                request.wfile.flush()
            except OSError:
                return  # the server has closed the connection


@pytest.fixture
def shop(client: Client, models: dict[str, dict[str, str]], server: object) -> Iterator[Shop]:
    source = Path(client.models.find("tiny-sd15-lora").path)
    if not source.is_file():
        pytest.skip("the files of the given server are elsewhere")
    shop = Shop(enlarged(source.read_bytes()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.answer(self)

        def do_HEAD(self) -> None:
            shop.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        shop.url = f"http://127.0.0.1:{web.server_port}"
        yield shop
        shop.open.set()
        web.shutdown()


def test_a_download_reports_its_progress(client: Client, shop: Shop) -> None:
    shop.open.set()
    seen: list[ModelInstall] = []
    model = client.models.install(
        f"{shop.url}/slow.safetensors",
        config={"name": "from a shop"},
        access_token="secret",
        timeout=120,
        on_progress=seen.append,
    )
    assert (model.name, model.type) == ("from a shop", "lora")
    fractions = [install.fraction for install in seen]
    assert fractions == sorted(fractions)
    assert len({fraction for fraction in fractions if 0 < fraction < 1}) >= 2
    assert (seen[-1].status, seen[-1].bytes, seen[-1].total_bytes) == (
        "completed",
        len(shop.content),
        len(shop.content),
    )
    assert "Bearer secret" in shop.tokens
    assert all("secret" not in repr(install) for install in seen)
    client.models.delete(model)
    with pytest.raises(NotFoundError):
        client.models.find("from a shop")


@pytest.mark.parametrize("path", ["missing", "cut"])
def test_a_download_that_is_not_a_model_is_reported_with_the_reason(path: str, client: Client, shop: Shop) -> None:
    with pytest.raises(ModelInstallError, match=r"was not installed: .") as caught:
        client.models.install(f"{shop.url}/{path}.safetensors", timeout=120)
    assert caught.value.install.status == "error"
    assert caught.value.install.source == f"{shop.url}/{path}.safetensors"
    assert "\n" not in str(caught.value)


def test_an_unrecognized_file_is_installed_as_unknown(client: Client, shop: Shop) -> None:
    if client.version() != DEFAULT_VERSION:
        with pytest.raises(ModelInstallError, match="was not installed"):
            client.models.install(f"{shop.url}/junk.safetensors", timeout=120)
        return
    model = client.models.install(f"{shop.url}/junk.safetensors", timeout=120)
    assert model.type == "unknown"
    client.models.delete(model)


def test_a_download_is_canceled(client: Client, shop: Shop) -> None:
    install = client.models.start_install(f"{shop.url}/slow.safetensors")
    until(client, install, lambda seen: seen.status == "downloading")
    client.models.cancel_install(install)
    with pytest.raises(ModelInstallError, match=r"slow\.safetensors was canceled") as caught:
        client.models.wait(install, timeout=60)
    assert caught.value.install.status == "cancelled"
    assert client.models.cancel_install(install).status == "cancelled"


def test_a_download_continues_after_the_wait_times_out(client: Client, shop: Shop) -> None:
    install = client.models.start_install(f"{shop.url}/slow.safetensors")
    with pytest.raises(ModelInstallError, match="was not installed within 1 s; the server continues") as caught:
        client.models.wait(install, timeout=1)
    shop.open.set()
    model = client.models.wait(caught.value.install, timeout=120)
    assert model.type == "lora"
    client.models.delete(model)


def test_a_download_is_paused_and_resumed(client: Client, shop: Shop) -> None:
    install = client.models.start_install(f"{shop.url}/slow.safetensors")
    if client.version() != DEFAULT_VERSION:
        with pytest.raises(UnsupportedError):
            client.models.pause_install(install)
        client.models.cancel_install(install)
        return
    until(client, install, lambda seen: seen.status == "downloading")
    client.models.pause_install(install)
    shop.open.set()
    until(client, install, lambda seen: seen.status == "paused")
    threading.Event().wait(3 * SLOW)  # the server pauses at the next piece
    assert client.models.get_install(install.id).fraction < 1
    client.models.resume_install(install)
    model = client.models.wait(install, timeout=120)
    assert model.type == "lora"
    client.models.delete(model)


def enlarged(model: bytes) -> bytes:
    """The same model with a long note in its header: progress is only reported for files of more than 100 kB."""
    size = int.from_bytes(model[:8], "little")
    header = json.loads(model[8 : 8 + size])
    header["__metadata__"] = {**header.get("__metadata__", {}), "note": "x" * 1_600_000}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + model[8 + size :]


def until(client: Client, install: ModelInstall, ready: Callable[[ModelInstall], bool]) -> None:
    """Wait until an installation is `ready`."""
    for _ in range(300):
        seen = client.models.get_install(install.id)
        if ready(seen):
            return
        if seen.ended:
            break
        threading.Event().wait(0.1)
    raise AssertionError(f"the expected state was not reached: {seen}")
