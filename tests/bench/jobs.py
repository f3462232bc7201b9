"""The cost of a job for its client: many concurrent jobs, from 8 threads and from one task each, on one real server.

    python -m tests.bench.jobs [JOBS [ROUNDS]]

Starts an InvokeAI server, or uses the one at INVOKABLE_LIVE_URL, which may be a simulator. With INVOKABLE_BENCH_SRC set
to the `src` of another commit, that is measured alternately with this one. Prints the median of the rounds of:

    CPU         of the client's process, user and system, per job, after a first one
    requests    over HTTP, per job
    to return   from the moment the server completed the item to the return of the call, median of the jobs
"""

from __future__ import annotations

import os
import statistics
import sys
from contextlib import ExitStack
from typing import Final

from tests.bench.clients import CONTESTANTS, measured
from tests.examples import ROOT
from tests.live.provision import live_server

ROUNDS: Final = 3


def main() -> None:
    """Print the table."""
    jobs, turns = [*map(int, sys.argv[1:]), *(200, ROUNDS)[len(sys.argv) - 1 :]]
    other = os.environ.get("INVOKABLE_BENCH_SRC")
    sources = {"this": str(ROOT / "src"), **({"other": other} if other else {})}
    with ExitStack() as stack:
        url = stack.enter_context(live_server()).url
        rounds: dict[str, list[dict[str, float]]] = {}
        for _ in range(turns):
            for kind in ("threads", "tasks"):
                for name, source in sources.items():
                    command = [sys.executable, str(CONTESTANTS / "many.py"), kind, url, str(jobs)]
                    result = measured(command, ROOT, url, source)
                    rounds.setdefault(f"{kind}, {name}", []).append(result)
    for name, results in rounds.items():
        median = {key: statistics.median(result[key] for result in results) for key in results[0]}
        print(
            f"{name:<16} CPU {median['cpu'] * 1e3:6.2f} ms   requests {median['requests']:5.2f}   "
            f"to return {median['latency'] * 1e3:6.1f} ms"
        )


if __name__ == "__main__":
    main()
