"""README: all its instructions work, in order, as written."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.examples import ROOT

BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
NOT_RUN_HERE = {
    "python -m venv .venv": "installing is what .ci/run begins with",
    "python -m tests.live.run_example": "tests/live/test_cli.py runs it",
    "pip install .": "tests/test_packaging.py builds and installs the package",
    "python -m pytest": "this is it",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that a reader has."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "generated_examples", folder / "generated_examples")
    shutil.copytree(ROOT / "docs", folder / "docs")
    return folder


def run(command: list[str] | str, place: Path) -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    shell = isinstance(command, str)
    done = subprocess.run(command, shell=shell, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def blocks(language: str, containing: str) -> str:
    found: list[str] = [text for kind, text in BLOCKS if kind == language and containing in text]
    assert len(found) == 1
    return found[0]


def test_every_block_is_run_or_says_where_it_is() -> None:
    ran = ("invokable demo", "invokable show", "invokable generate", "invokable simulate", "invokable run")
    for kind, text in BLOCKS:
        known = any(text.startswith(start) for start in (*NOT_RUN_HERE, *ran)) or kind == "python"
        assert known, text


@pytest.mark.slow
def test_the_demo_leaves_what_it_says(place: Path) -> None:
    said = run(blocks("sh", "invokable demo"), place)
    for name in re.findall(r"invokable-demo/\S+?\.(?:png|py|json)", said):
        assert (place / name).stat().st_size > 0
    assert len(list((place / "invokable-demo" / "images").glob("*.png"))) == 3
    assert "client.run(SD15TextToImage(" in said
    again = run([sys.executable, "run.py"], place / "invokable-demo")
    assert (place / "invokable-demo" / again.strip()).exists()


@pytest.mark.slow
def test_the_whole_way_works_as_it_is_written(place: Path) -> None:
    assert "card_colour" in run(blocks("sh", "invokable show"), place)
    run(blocks("sh", "invokable generate"), place)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    serve = blocks("sh", "invokable simulate").replace("9099", port).split()
    server = subprocess.Popen([sys.executable, "-m", *serve], cwd=place, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert port in server.stdout.readline()
        assert run(blocks("sh", "invokable run").replace("9099", port), place) == "card: out/colour_card-card-000.png\n"
        path = run([sys.executable, "-c", blocks("python", "Client(").replace("9099", port)], place)
        assert (place / path.strip()).read_bytes().startswith(b"\x89PNG")
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0


@pytest.mark.slow
def test_the_offline_test_passes_within_half_a_second(place: Path) -> None:
    if not (place / "flows.py").exists():
        run(blocks("sh", "invokable generate"), place)
    (place / "test_card.py").write_text(blocks("python", "def test_"), encoding="utf-8")
    start = time.monotonic()
    said = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_card.py"], place)
    assert "1 passed" in said
    # Most of the time is pytest's start; the time of the test itself is the number that it prints.
    (seconds,) = re.findall(r"1 passed in ([\d.]+)s", said)
    assert float(seconds) < 5
    assert time.monotonic() - start < 20
