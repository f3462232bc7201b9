"""`Client.run` compared with invokeai-py-client 1.1.1: the same jobs, one after the other, on the same real server.

    python -m tests.bench.clients [JOBS]

Starts an InvokeAI server, or uses the one at INVOKABLE_LIVE_URL. The other client is installed into
its own environment. For each client, prints the median of the rounds of:

    import      wall-clock time until a client and a workflow can be used
    CPU         of the client's process, per job
    requests    over HTTP, per job
    to return   from the moment the server completed the item to the return of the call
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from invokable import Client
from invokable.codegen import generate_module
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import Request
from invokable.schema import load
from tests.examples import ROOT, add_field, example
from tests.live.provision import live_server

PEER: Final = "invokeai-py-client==1.1.1"
CONTESTANTS: Final = Path(__file__).parent / "contestants"
ROUNDS: Final = 5


def main() -> None:
    """Print the table."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(live_server()).url
        commands = {
            "invokable": [sys.executable, str(CONTESTANTS / "ours.py"), url, str(jobs)],
            "invokeai-py-client, its own 0.5 s": [peer(folder), str(CONTESTANTS / "theirs.py"), url, str(jobs), "0.5"],
            "invokeai-py-client, polling at 0.05 s": [
                peer(folder),
                str(CONTESTANTS / "theirs.py"),
                url,
                str(jobs),
                "0.05",
            ],
        }
        write_workflow(folder)
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                rounds[name].append(measured(command, folder, url))
    for name, results in rounds.items():
        median = {key: statistics.median(result[key] for result in results) for key in results[0]}
        print(
            f"{name:<38} import {median['imported'] * 1e3:6.0f} ms   CPU {median['cpu'] * 1e3:6.2f} ms   "
            f"requests {median['requests']:5.2f}   to return {median['latency'] * 1e3:6.1f} ms"
        )


def peer(folder: Path) -> str:
    """The Python of an environment with the other client."""
    environment = folder / "environment"
    python = str(environment / "bin" / "python")
    if not environment.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", str(environment)], check=True)
        subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, PEER], check=True)
    return python


def write_workflow(folder: Path) -> None:
    """A workflow that saves an empty picture, as a file and as a module."""
    document = example("colour_card.json")
    kept = {n["id"]: n["data"]["type"] for n in document["nodes"] if n["data"]["type"] in ("blank_image", "save_image")}
    blank, saved = sorted(kept, key=lambda node_id: kept[node_id])
    document["name"] = "Plain"
    document["nodes"] = [n for n in document["nodes"] if n["id"] in kept]
    edge = next(edge for edge in document["edges"] if edge["target"] == saved)
    document["edges"] = [edge | {"source": blank, "sourceHandle": "image"}]
    document["form"] = {"elements": {}, "rootElementId": "root"}
    root = {"id": "root", "type": "container", "data": {"layout": "column", "children": []}}
    document["form"]["elements"]["root"] = root  # the other client requires this name
    for node_id, field in ((blank, "width"), (blank, "height"), (saved, "board")):
        add_field(document, node_id, field)
    # The other client refuses workflows that are not marked as version 3.
    theirs = document | {"meta": {"category": "user", "version": "3.0.0"}}
    (folder / "plain.json").write_text(json.dumps(theirs), encoding="utf-8")
    module = generate_module(document, load("6.14.2"), source="plain.json")
    (folder / "plain.py").write_text(module.text, encoding="utf-8")


def measured(command: list[str], folder: Path, url: str, source: str = str(ROOT / "src")) -> dict[str, float]:
    """The figures of one contestant, by itself and by the server's clock."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{source}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    completed = [completed_at(url, item) for item in result.pop("items")]
    returned = result.pop("returned")
    waits = [later - earlier for later, earlier in zip(returned, completed, strict=True)]
    return result | {"latency": statistics.median(waits)}


def completed_at(url: str, item_id: int) -> float:
    """When the server completed an item, in seconds since the epoch."""
    with Client(url) as client:
        answer = client._drive(fetch(Request("GET", f"/api/v1/queue/default/i/{item_id}")))
    item: Mapping[str, Any] = json.loads(answer.body)
    return datetime.fromisoformat(item["completed_at"]).replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    main()
