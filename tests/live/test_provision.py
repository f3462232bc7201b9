"""The provisioner against servers that misbehave: real processes, each a few lines of Python."""

from __future__ import annotations

import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from tests.live import provision
from tests.live.provision import ProvisionError, Server, live_server

VERSION = "0.0.1"

HTTP_SERVER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"version": VERSION}).encode())
port = int(os.environ["INVOKEAI_PORT"])
print(f"running on :{port}", flush=True)
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
server.serve_forever()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the server's command in an installation that counts as complete."""
    monkeypatch.delenv("INVOKABLE_LIVE_URL", raising=False)
    monkeypatch.setenv("INVOKABLE_LIVE_CACHE", str(tmp_path))
    environment = tmp_path / f"venv-{VERSION}"
    (environment / "bin").mkdir(parents=True)
    (environment / ".installed").touch()
    return environment / "bin" / "invokeai-web"


def write_command(path: Path, code: str) -> None:
    path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def is_running(server: Server) -> bool:
    try:
        server.get("/api/v1/app/version")
    except OSError:
        return False
    return True


def test_a_server_runs_inside_the_context_only(installed: Path) -> None:
    write_command(installed, HTTP_SERVER.replace("VERSION", repr(VERSION)))
    with live_server(VERSION) as server:
        assert is_running(server)
        assert server.root is not None
        assert server.root.is_dir()
    assert not is_running(server)
    assert not server.root.exists()


@pytest.mark.parametrize("quick", [False, True])
def test_a_quick_server_leaves_out_of_a_collection_what_survived_another(quick: bool, installed: Path) -> None:
    collecting = "import gc\ngc.collect()\nprint('frozen:', gc.get_freeze_count() > 0, flush=True)\n"
    write_command(installed, collecting + HTTP_SERVER.replace("VERSION", repr(VERSION)))
    with live_server(VERSION, quick=quick) as server:
        assert server.log is not None
        assert f"frozen: {quick}\n" in server.log.read_text(encoding="utf-8")


def test_a_server_that_ignores_sigterm_and_its_children_are_killed(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provision, "STOP_SECONDS", 0.5)
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    forking = HTTP_SERVER.replace("server.serve", "os.fork()\nserver.serve")
    write_command(installed, deaf + forking.replace("VERSION", repr(VERSION)))
    with live_server(VERSION) as server:
        assert is_running(server)
    assert not is_running(server)


def test_a_server_that_dies_shows_the_end_of_its_log(installed: Path) -> None:
    write_command(installed, "import sys\nprint('no such model folder')\nsys.exit(3)\n")
    with (
        pytest.raises(ProvisionError, match=r"(?s)status 3.*no such model folder"),
        live_server(VERSION),
    ):
        pass


def test_a_server_of_another_version_at_the_port_is_refused(installed: Path) -> None:
    write_command(installed, HTTP_SERVER.replace("VERSION", "'9.9.9'"))
    with pytest.raises(ProvisionError, match=r"9\.9\.9"), live_server(VERSION):
        pass


def test_an_interrupted_installation_is_not_used(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_command(installed, HTTP_SERVER.replace("VERSION", repr(VERSION)))
    (installed.parent.parent / ".installed").unlink()
    # No index has this version, and none is queried.
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(ProvisionError, match="uv pip failed"), live_server(VERSION):
        pass
    assert not (installed.parent.parent / ".installed").exists()
    assert not installed.exists()


def test_a_running_server_is_used_and_left_alone(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_command(installed, HTTP_SERVER.replace("VERSION", repr(VERSION)))
    with live_server(VERSION) as first:
        monkeypatch.setenv("INVOKABLE_LIVE_URL", first.url + "/")
        with live_server("7.0.0") as second:
            assert (second.url, second.version, second.root) == (first.url, VERSION, None)
        assert is_running(first)


def test_an_address_where_nothing_answers_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOKABLE_LIVE_URL", "http://127.0.0.1:9")
    with pytest.raises(ProvisionError, match=r"127\.0\.0\.1:9"), live_server():
        pass


def test_run_passes_the_address_to_the_command_and_returns_its_status(
    installed: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_command(installed, HTTP_SERVER.replace("VERSION", repr(VERSION)))
    handler = signal.getsignal(signal.SIGTERM)
    try:
        command = "import os, sys; print(os.environ['INVOKABLE_LIVE_URL']); sys.exit(7)"
        status = provision.main(["run", "--version", VERSION, "--", sys.executable, "-c", command])
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert status == 7
    assert capfd.readouterr().out.startswith("http://127.0.0.1:")
    assert "INVOKABLE_LIVE_URL" not in os.environ
