"""A real InvokeAI server for the live tests: installed once, started fresh, always stopped.

    python -m tests.live.provision run [--models] [--quick] -- COMMAND…   run a command with a server
    python -m tests.live.provision start [--models] [--quick]             run a server until Ctrl-C

The command gets the server's address in INVOKABLE_LIVE_URL. If that variable is already set, that
server is used and nothing is installed, started or stopped. Installations and tiny models are kept
in the folder INVOKABLE_LIVE_CACHE (default: ~/.cache/invokable-live).
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

DEFAULT_VERSION = "6.14.2"

# These versions do not start with newer dependencies.
RESOLVED_BEFORE = {
    "5.15.0": "2025-07-05",
    "6.3.0": "2025-09-05",
    "6.8.1": "2025-11-05",
    "6.11.1": "2026-03-10",
}

START_SECONDS = 300.0
STOP_SECONDS = 20.0
MODEL_SECONDS = 60.0
RESTARTS = 4
LOG_LINES = 40

_COLLECTOR = """\
import gc

_collect = gc.collect


def collect(*given):
    found = _collect(*given)
    gc.freeze()
    return found


gc.collect = collect
"""
"""The `sitecustomize` of a quick server. InvokeAI collects garbage before each item, and spends half a second on the
million objects of its libraries. What has survived a collection is left out of the later ones."""


class ProvisionError(Exception):
    """The server could not be installed or started, or it refused a model."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `root` and `log` are None if it was already running."""

    url: str
    version: str
    root: Path | None = None
    log: Path | None = None

    def get(self, path: str) -> Any:
        return _json(urllib.request.Request(self.url + path))

    def post(self, path: str, body: object, *, token: str = "") -> Any:
        return self._send("POST", path, body, token)

    def put(self, path: str, body: object = None) -> Any:
        return self._send("PUT", path, body)

    def _send(self, method: str, path: str, body: object, token: str = "") -> Any:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return _json(urllib.request.Request(self.url + path, data, headers, method=method))


@contextlib.contextmanager
def live_server(
    version: str = DEFAULT_VERSION,
    *,
    models: bool = False,
    multiuser: bool = False,
    node_packs: Mapping[str, str] = MappingProxyType({}),
    quick: bool = False,
) -> Iterator[Server]:
    """A running server; if requested, with the tiny models, multiple users, or node packs (source by name).

    A `quick` one starts each item half a second sooner.
    """
    with contextlib.ExitStack() as stack:
        url = None if multiuser or node_packs else os.environ.get("INVOKABLE_LIVE_URL")
        files = {f"nodes/{name}/__init__.py": source for name, source in node_packs.items()}
        if multiuser:
            files["invokeai.yaml"] = "schema_version: 4.0.2\nmultiuser: true\n"
        started = _started(version, files, quick=quick)
        server = _running(url.rstrip("/")) if url else stack.enter_context(started)
        if models:
            install_models(server)
        yield server


def _running(url: str) -> Server:
    try:
        answer = Server(url, "").get("/api/v1/app/version")
        return Server(url, answer["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProvisionError(f"no InvokeAI server answers at {url}: {error}") from error


# ---------------------------------------------------------------- installation


def cache_folder() -> Path:
    """The folder for installations and models."""
    configured = os.environ.get("INVOKABLE_LIVE_CACHE")
    folder = Path(configured) if configured else Path.home() / ".cache" / "invokable-live"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def install(version: str = DEFAULT_VERSION) -> Path:
    """Install InvokeAI unless it is installed, and return the environment's Python."""
    environment = cache_folder() / f"venv-{version}"
    python = environment / "bin" / "python"
    # Written last: an environment without it is left over from an interrupted installation.
    marker = environment / ".installed"
    with _locked(f"venv-{version}.lock"):
        if not marker.exists():
            shutil.rmtree(environment, ignore_errors=True)
            _uv("venv", "--python", _interpreter(), str(environment))
            before = RESOLVED_BEFORE.get(version)
            newest = ["--exclude-newer", before] if before else []
            _uv("pip", "install", "--python", str(python), *newest, f"invokeai=={version}")
            marker.write_text(version + "\n", encoding="utf-8")
    return python


def _interpreter() -> str:
    # InvokeAI runs on 3.11 and 3.12. On other versions, uv looks for a 3.11 and may download it.
    return sys.executable if sys.version_info[:2] in {(3, 11), (3, 12)} else "3.11"


def _uv(*arguments: str) -> None:
    found = shutil.which("uv")
    if importlib.util.find_spec("uv"):
        command = [sys.executable, "-m", "uv"]
    elif found:
        command = [found]
    else:
        raise ProvisionError("uv is missing: install the extra `dev`")
    done = subprocess.run([*command, *arguments], check=False)  # uv shows its own progress
    if done.returncode:
        raise ProvisionError(f"uv {arguments[0]} failed with status {done.returncode}")


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    with (cache_folder() / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ------------------------------------------------------------- start and stop


@contextlib.contextmanager
def _started(version: str, files: Mapping[str, str], *, quick: bool) -> Iterator[Server]:
    with _installed(version, quick=quick) as (server, python):
        for name, text in files.items():
            _write(server, name, text)
        process = _launch(server, python)
        try:
            _wait_until_ready(server, process)
            yield server
        finally:
            _stop(process)


@contextlib.contextmanager
def restarted(version: str = DEFAULT_VERSION, *, after: float, quick: bool = False) -> Iterator[Server]:
    """A separate server that is killed `after` seconds and started again, with all of its files."""
    with _installed(version, quick=quick) as (server, python):
        processes = [_launch(server, python)]

        def restart() -> None:
            _signal_group(processes[0], signal.SIGKILL)
            processes[0].wait()
            for _ in range(RESTARTS):
                processes.append(_launch(server, python))
                # InvokeAI cannot always start with pending items: "cannot VACUUM from within a transaction".
                with contextlib.suppress(ProvisionError):
                    _wait_until_ready(server, processes[-1])
                    return

        timer = threading.Timer(after, restart)
        try:
            _wait_until_ready(server, processes[0])
            timer.start()
            yield server
        finally:
            timer.cancel()
            timer.join()
            for process in processes:
                _stop(process)


@contextlib.contextmanager
def _installed(version: str, *, quick: bool) -> Iterator[tuple[Server, Path]]:
    """A server that is not running yet, and its Python."""
    python = install(version)
    with tempfile.TemporaryDirectory(prefix="invokable-live-") as folder:
        root = Path(folder)
        server = Server(f"http://127.0.0.1:{free_port()}", version, root, root / "server.log")
        if quick:
            _write(server, f"{_PYTHON}/sitecustomize.py", _COLLECTOR)
        yield server, python


_PYTHON = "python"
"""The folder of a server for its PYTHONPATH."""


def _write(server: Server, name: str, text: str) -> None:
    assert server.root is not None  # as it is a new one
    path = server.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _launch(server: Server, python: Path) -> subprocess.Popen[bytes]:
    assert server.root
    assert server.log
    with server.log.open("ab") as output:
        return subprocess.Popen(
            [python.with_name("invokeai-web"), "--root", server.root],
            env=_environment(server.root, urllib.parse.urlsplit(server.url).port or 0),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its own process group, to stop its children as well
        )


def _environment(root: Path, port: int) -> dict[str, str]:
    # Without bytecode, each start of a server compiles 6,000 modules.
    left_out = ("INVOKEAI_", "PYTHON")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return inherited | {
        "INVOKEAI_ROOT": str(root),
        "INVOKEAI_HOST": "127.0.0.1",
        "INVOKEAI_ALLOW_PRIVATE_DOWNLOAD_URLS": "true",  # the tests' models are served from this machine
        "INVOKEAI_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(root / _PYTHON),
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ProvisionError(_died(server, f"ended with status {process.returncode}"))
        try:
            found = server.get("/api/v1/app/version")["version"]
        except (OSError, ValueError, KeyError, TypeError):
            time.sleep(0.5)
            continue
        # If the port has been taken meanwhile, InvokeAI uses the next one, so whatever
        # answers here might be another server.
        if found != server.version or not _listens(server):
            raise ProvisionError(_died(server, f"lost its port to another one ({found})"))
        return
    raise ProvisionError(_died(server, f"did not answer within {START_SECONDS:.0f} s"))


def _listens(server: Server) -> bool:
    assert server.log is not None
    port = urllib.parse.urlsplit(server.url).port
    return f":{port}" in server.log.read_text(encoding="utf-8", errors="replace")


def _died(server: Server, what: str) -> str:
    assert server.log is not None
    text = server.log.read_text(encoding="utf-8", errors="replace")
    return f"InvokeAI {server.version} {what}; the end of its log:\n{_tail(text)}"


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-LOG_LINES:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # Even after a clean exit, children may have outlived the server.
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


# ---------------------------------------------------------------------- models


def tiny_models(version: str = DEFAULT_VERSION) -> Path:
    """Make the tiny models unless they exist, and return their folder."""
    folder = cache_folder() / "tiny-models"
    with _locked("tiny-models.lock"):
        if not (folder / "manifest.json").exists():  # written last
            script = Path(__file__).with_name("tiny_models.py")
            done = subprocess.run([install(version), script, folder], check=False)
            if done.returncode:
                raise ProvisionError(f"{script.name} failed with status {done.returncode}")
    return folder


def install_models(server: Server) -> None:
    """Install each tiny model that the server does not have yet, in place."""
    folder = tiny_models(DEFAULT_VERSION if server.root is None else server.version)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    known = {model["name"] for model in server.get("/api/v2/models/")["models"]}
    jobs = [
        _install_model(server, folder / name) for name in manifest if name.removesuffix(".safetensors") not in known
    ]
    for job in jobs:
        _wait_for_model(server, job)


def _install_model(server: Server, path: Path) -> int:
    query = urllib.parse.urlencode({"source": str(path), "inplace": "true"})
    return int(server.post(f"/api/v2/models/install?{query}", {})["id"])


def _wait_for_model(server: Server, job: int) -> None:
    deadline = time.monotonic() + MODEL_SECONDS
    while time.monotonic() < deadline:
        answer = server.get(f"/api/v2/models/install/{job}")
        if answer["status"] == "completed":
            return
        if answer["status"] in {"error", "cancelled"}:
            raise ProvisionError(f"the server refused a model: {answer['error_reason']}")
        time.sleep(0.2)
    raise ProvisionError(f"a model was not installed within {MODEL_SECONDS:.0f} s")


def _json(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        detail = error.read(500).decode(errors="replace")
        raise ProvisionError(f"{request.full_url}: {error.code} {detail}") from error


# ---------------------------------------------------------------- command line


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    end = arguments.index("--") if "--" in arguments else len(arguments)
    command = arguments[end + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m tests.live.provision",
        description="Run a real InvokeAI server.",
        usage="%(prog)s start [options] | run [options] -- COMMAND…",
    )
    parser.add_argument("verb", choices=["run", "start"])
    parser.add_argument("--version", default=DEFAULT_VERSION, help="of InvokeAI (%(default)s)")
    parser.add_argument("--models", action="store_true", help="install the tiny models")
    parser.add_argument("--quick", action="store_true", help="start each item half a second sooner")
    options = parser.parse_args(arguments[:end])
    if bool(command) != (options.verb == "run"):
        parser.error("`run` needs a command after a --, `start` takes none")
    # Otherwise SIGTERM would end this process and leave the server running.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        with live_server(options.version, models=options.models, quick=options.quick) as server:
            print(f"InvokeAI {server.version} at {server.url}", file=sys.stderr, flush=True)
            if command:
                environment = os.environ | {"INVOKABLE_LIVE_URL": server.url}
                return subprocess.run(command, env=environment, check=False).returncode
            signal.pause()
    except KeyboardInterrupt:
        return 130
    except ProvisionError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
