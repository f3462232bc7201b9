"""Beside invokeai-py-client, on one server: `python -m tests.bench.peer URL PYTHON [COUNT]`.

PYTHON is one that has it: `uv venv peer && uv pip install --python peer invokeai-py-client==1.1.1`. Both run the same
cards, one after the other; each starts in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from invokable import Client
from invokable.runtime.steps.queue import QUEUE
from tests.bench.__main__ import server_stamp
from tests.examples import MODULES, ROOT
from tests.live.provision import Server

HERE: Final = Path(__file__).parent
PEER: Final = "invokeai-py-client"


def main(url: str, python: str, count: int) -> None:
    """Measure both, and print them side by side."""
    with Client(url) as client:
        image = client.upload(server_stamp()).name
    sides = {
        "invokable": (sys.executable, "side_own.py", "import colour_card"),
        PEER: (python, "side_peer.py", "import invokeai_py_client"),
    }
    print(f"{count} jobs, one after the other{'':<8}{'':>6}" + "".join(f"{name:>20}" for name in sides))
    found = {name: measured(url, image, count, *side) for name, side in sides.items()}
    for row in next(iter(found.values())):
        print(f"{row:<42}" + "".join(f"{numbers[row]:>20.1f}" for numbers in found.values()))


def measured(url: str, image: str, count: int, python: str, script: str, importing: str) -> dict[str, float]:
    """What one side needs."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(MODULES)])}
    command = [python, str(HERE / script), url, image, str(count)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    late = delays(Server(url, ""), {int(item_id): when for item_id, when in told["returned"].items()})
    return {
        "client CPU a job, ms": told["cpu"] / count * 1e3,
        "HTTP requests a job": told["requests"] / count,
        "from commit to return, median, ms": statistics.median(late) * 1e3,
        "from commit to return, worst of ten, ms": sorted(late)[int(len(late) * 0.9)] * 1e3,
        "import over bare Python, ms": (best(python, importing, environment) - best(python, "", environment)) * 1e3,
    }


def delays(server: Server, returned: dict[int, float]) -> list[float]:
    """Seconds from each item's end, as the server has it, to the caller's return."""
    items = [server.get(f"{QUEUE}/i/{item_id}") for item_id in returned]
    return [returned[item["item_id"]] - timestamp(item["completed_at"]) for item in items]


def timestamp(text: str) -> float:
    """A time of the server, which is in UTC and does not say so."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()


def best(python: str, script: str, environment: dict[str, str], repeat: int = 7) -> float:
    """The shortest of several processes, in seconds."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        subprocess.run([python, "-c", script], env=environment, check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 30)
