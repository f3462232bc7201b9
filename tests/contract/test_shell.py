"""`invokable run` as a process, with a server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from invokable import Client
from invokable.cli.shell import shell
from invokable.runtime.steps.resources.run_items import QUEUE
from tests.examples import MODULES, WORKFLOWS, example
from tests.live.provision import Server

CARD_FILE = str(WORKFLOWS / "colour_card.json")


def started(server: Server, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "invokable", "run", *map(str, arguments), "--url", server.url]
    # A process that was started in the background may have inherited an ignored SIGINT.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    server.put(f"{QUEUE}/processor/pause")
    yield
    server.put(f"{QUEUE}/processor/resume")


@pytest.mark.slow_on_simulator
@pytest.mark.parametrize("source", [CARD_FILE, str(MODULES / "colour_card.py")])
def test_a_run_saves_the_picture_where_it_says(source: str, server: Server, stamp: Path, tmp_path: Path) -> None:
    out = f"{tmp_path}/{{attribute}}-{{width}}-{{index:02}}"
    values = ("--set", f"stamp={stamp}", "--set", "0=96", "--set", "height=64")
    done = started(server, source, *values, "--out", out)
    said, wrong = done.communicate(timeout=120)
    assert done.returncode == 0, wrong
    assert said == f"card: {tmp_path}/card-96-00.png\n"
    with Image.open(tmp_path / "card-96-00.png") as image:
        assert image.size == (96, 64)


@pytest.mark.slow_on_simulator
@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_cancels_the_run_on_the_server(number: int, status: int, server: Server, stamp: Path) -> None:
    running = started(server, CARD_FILE, "--set", f"stamp={stamp}", "--json")
    end = time.monotonic() + 60
    while not server.get(f"{QUEUE}/status")["queue"]["pending"]:
        assert time.monotonic() < end, "the run did not reach the queue"
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(number)
    said, wrong = running.communicate(timeout=30)
    assert running.returncode == status
    assert server.get(f"{QUEUE}/status")["queue"]["pending"] == 0
    assert json.loads(said)["error"]["kind"] == "Interrupted"
    assert wrong.splitlines() == ["interrupted; the run was canceled"]


@pytest.mark.slow_on_simulator
@pytest.mark.usefixtures("paused")
def test_a_run_that_timed_out_can_be_attached_to(server: Server, stamp: Path, tmp_path: Path) -> None:
    for timeout in (3, 12, 48):  # a busy server may take longer to accept the batch
        first = started(server, CARD_FILE, "--set", f"stamp={stamp}", "--timeout", timeout, "--json")
        said, wrong = first.communicate(timeout=90)
        assert first.returncode == 4
        if json.loads(said)["item_ids"]:
            break
    assert f"the run continues; --attach {json.loads(said)['batch_id']} waits for it" in wrong
    report = tmp_path / "run.json"
    report.write_text(said, encoding="utf-8")
    server.put(f"{QUEUE}/processor/resume")
    second = started(server, CARD_FILE, "--attach", report, "--out", f"{tmp_path}/{{attribute}}-{{height}}")
    said, wrong = second.communicate(timeout=120)
    assert second.returncode == 0, wrong
    assert (tmp_path / "card-200.png").exists()


def test_a_workflow_of_the_library_is_pulled_once(server: Server, client: Client, tmp_path: Path) -> None:
    tag = f"shell-{uuid.uuid4()}"
    workflow = client.workflows.save({**example("colour_card.json"), "name": "Pulled Card", "tags": tag})
    try:
        arguments = ["pull", "--tag", tag, "--server", server.url, "-o", str(tmp_path)]
        assert CliRunner().invoke(shell, arguments).output == f"{tmp_path}/pulled_card.json: written\n"
        assert CliRunner().invoke(shell, arguments).output == f"{tmp_path}/pulled_card.json: unchanged\n"
        client.workflows.save({**workflow.document, "name": "Renamed"}, over=workflow)
        done = CliRunner().invoke(shell, [*arguments, "--check"])
        assert (done.exit_code, done.stdout) == (1, f"{tmp_path}/pulled_card.json: out of date\n")
        assert "was renamed in the library, from 'Pulled Card' to 'Renamed'" in done.stderr
        generated = CliRunner().invoke(shell, ["generate", str(tmp_path / "pulled_card.json"), "-o", str(tmp_path)])
        assert generated.exit_code == 0, generated.output
    finally:
        client.workflows.delete(workflow.id)
