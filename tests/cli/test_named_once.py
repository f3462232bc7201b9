"""Error lines name a file or a server once, not in the message again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Final

import pytest

from invokable.cli.errors import Status
from tests.cli.projects import Project, begin
from tests.cli.test_exit_statuses import CARD, MODULE, NOWHERE, commands
from tests.cli.test_generate import run
from tests.effort import slow_among
from tests.examples import ROOT

WEB: Final = "WEB"
"""A placeholder for the URL of a web server that is not InvokeAI."""
SERVERS: Final = (NOWHERE, f"{NOWHERE}/", WEB)
STAMP: Final = "--set stamp=stamp.png"
PNG: Final = (ROOT / "docs" / "images" / "demo.png").read_bytes()

BROKEN: Final[dict[str, bytes]] = {
    "bad/cut.json": b"{",
    "bad/list.json": b"[]",
    "bad/other.json": b'{"nodes": [], "edges": 1}',
    "bad/deep.json": b"[" * 300 + b"]" * 300,
    "bad/crowded.json": b"[" + b"{}," * 40_000 + b"{}]",
    "bad/twice.json": b'{"a": 1, "a": 2}',
    "bad/binary.json": b"\xff\xfe\x00",
    "bad/picture.png": PNG,
    "bad/damaged.png": b"\x89PNG\r\n\x1a\n\0\0\0\x1cIHDR" + bytes(32),
    "bad/cut.py": b"class (",
    "bad/mine.py": b"mine = 1\n",
    "bad/binary.py": b"\xff\xfe\x00",
    "bad/cut.map.json": b'{"index_map": ',
}
TABLES: Final[dict[str, str]] = {
    "not TOML": "[",
    "an unknown key": "[tool.invokable]\nshcema = 1\n",
    "a missing source": '[[tool.invokable.sources]]\npath = "gone"\noutput = "src"\n',
    "no output": '[[tool.invokable.sources]]\npath = "workflows"\n',
    "an unknown version": '[tool.invokable]\nschema = "9.9"\n[[tool.invokable.sources]]\npath = "workflows"\n'
    'output = "src/flows"\n',
    "an unknown node": '[[tool.invokable.sources]]\npath = "workflows"\noutput = "src/flows"\n'
    '[tool.invokable.workflows."card.json".rename.nowhere]\nwidth = "w"\n',
}
READERS: Final[dict[str, tuple[str, ...]]] = {
    "check": ("check FILE -o src/flows", "check --config FILE", f"check {CARD} --schema FILE"),
    "demo": ("demo --server nowhere.json",),
    "diff": ("diff FILE FILE", f"diff {CARD} FILE", "diff git:HEAD:FILE FILE", "diff bad bad", f"diff FILE {MODULE}"),
    "generate": (
        "generate FILE -o out",
        "generate bad/ -o out",
        f"generate {CARD} -o FILE",
        f"generate {CARD} -o FILE/card.py",
        f"generate {CARD} -o out --schema FILE",
        f"generate {CARD} -o out --depfile FILE/x",
        "generate --config FILE",
    ),
    "init": ("init FILE", "init bad"),
    "map export": ("map export FILE", f"map export {CARD} -o FILE/x"),
    "map verify": ("map verify FILE", f"map verify FILE {CARD}", "map verify card.map.json FILE"),
    "pull": ("pull --list --server nowhere.json", "pull --all -o FILE --server URL"),
    "run": (
        f"run {CARD} {STAMP} --url nowhere.json",
        f"run FILE {STAMP}",
        f"run {CARD} --values FILE",
        f"run {CARD} --attach FILE",
        f"run {CARD} --set stamp=FILE",
        f"run {CARD} --set width=@FILE",
        f"run {CARD} {STAMP} --schema FILE",
    ),
    "schema diff": ("schema diff FILE 6.14.2", "schema diff 6.8.1 6.14.2 FILE"),
    "schema fetch": ("schema fetch --server nowhere.json",),
    "schema list": ("schema list FILE",),
    "show": ("show FILE", "show bad", f"show {CARD} --schema FILE"),
    "simulate": ("simulate --model FILE", "simulate --version FILE", "simulate --host FILE"),
}
"""Command lines that read or write a file."""
ASKING: Final = (
    f"check {CARD} --server SERVER",
    f"check {CARD} --server SERVER --models",
    "demo --server SERVER",
    f"diff {MODULE} {CARD} --server SERVER",
    f"generate {CARD} -o out --server SERVER",
    f"generate {CARD} -o out --server SERVER --models",
    f"map export {CARD} --server SERVER",
    f"map verify card.map.json {CARD} --server SERVER",
    "pull --list --server SERVER",
    "pull --all --server SERVER -o pulled",
    f"run {CARD} {STAMP} --url SERVER",
    f"run {MODULE} {STAMP} --url SERVER",
    f"run {MODULE} --attach 5d1fd2e2-7b1c-4a8e-9f20-0d6f6a2b8c11 --timeout 1 --url SERVER",
    f"run {CARD} {STAMP} --server SERVER",
    "schema diff 6.14.2 SERVER",
    "schema fetch --server SERVER",
    f"show {CARD} --server SERVER",
)
"""Command lines that ask a server."""


class Page(BaseHTTPRequestHandler):
    """Answers every request with a web page."""

    def do_GET(self) -> None:
        """Answer."""
        body = b"<html>hello</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Answer."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def index_map(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The map of the project's workflow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        begin(Path.cwd())
        return run("map", "export", CARD).stdout_bytes


@pytest.fixture
def furnished(generated: Project, index_map: bytes) -> Project:
    """A generated project with its map, and broken files of every kind."""
    Path("card.map.json").write_bytes(index_map)
    Path("stamp.png").write_bytes(PNG)
    Path("bad").mkdir()
    for name, content in BROKEN.items():
        Path(name).write_bytes(content)
    return generated


def repeated(line: str) -> str:
    """What a line names twice in a row: a file, also without its folder, or a URL, also with a path."""
    for found in re.finditer(r"(\S+): ", line):
        name, rest = found[1], line[found.end() :].lstrip("'\"")
        for again in (name, name.rstrip("/"), PurePosixPath(name).name):
            if rest.startswith(again) and not rest[len(again) : len(again) + 1].isalnum():
                return again
    return ""


def test_a_repeated_name_is_found() -> None:
    assert repeated("a/b.json: b.json is not JSON") == "b.json"
    assert repeated("error: http://x: http://x/openapi.json: answered") == "http://x"
    assert repeated("--server b.json: 'b.json' is not a server URL") == "b.json"
    assert not repeated("a/b.json: /nodes/0: node 'b.json' is unknown")


def problems(line: str) -> list[str]:
    result = run(*line.split())
    assert result.exit_code in {*Status}, result.output
    return [f"{line} -> {text}" for text in result.stderr.splitlines() if repeated(text)]


def test_every_command_is_swept() -> None:
    from invokable.cli.shell import shell

    assert sorted(commands(shell)) == sorted(READERS)


@pytest.mark.usefixtures("furnished", "hasty")
@pytest.mark.parametrize("command", slow_among(READERS, ["run"]))
def test_a_file_is_named_once(command: str, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOKEAI_URL", NOWHERE)
    files = (*BROKEN, "bad", "nowhere.json", os.devnull)
    lines = {line.replace("FILE", name).replace("URL", web) for line in READERS[command] for name in files}
    assert [problem for line in sorted(lines) for problem in problems(line)] == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_configuration_is_named_once(table: str, furnished: Project) -> None:
    furnished.configure(table)
    lines = ("check", "generate", "init", f"show {CARD}", f"run {CARD} --url {NOWHERE}", "schema diff 6.8.1 6.14.2")
    assert [problem for line in lines for problem in problems(line)] == []


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("line", ASKING)
def test_a_url_with_a_password_is_an_error_of_its_option(line: str) -> None:
    result = run(*line.replace("SERVER", "http://me:secret@127.0.0.1:9").split())
    option = re.search(r"(--\w+) SERVER", line)
    where = option[1] if option else "--server"
    assert f"{where}: the server URL contains a user or a password" in result.stderr
    assert "secret" not in result.output


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("line", [f"show {CARD} --server {NOWHERE}", f"demo --server {NOWHERE}"])
def test_an_invalid_token_of_the_environment_is_an_error_of_the_variable(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVOKEAI_TOKEN", "a b")
    assert run(*line.split()).stderr.startswith("INVOKEAI_TOKEN: the token contains a character")


@pytest.mark.usefixtures("furnished", "hasty")
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_named_once(server: str, web: str) -> None:
    url = server.replace(WEB, web)
    assert [problem for line in ASKING for problem in problems(line.replace("SERVER", url))] == []
