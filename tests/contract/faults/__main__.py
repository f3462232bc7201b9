"""Runs every fault: `python -m tests.contract.faults 20 [--live] [--only WORDS] [--way WAY…] [--write]`."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from threading import Thread

from tests.contract.faults.cases import CASES
from tests.contract.faults.runs import AWAITED, BLOCKING, RUN, WAYS, Outcome, run
from tests.contract.faults.servers import OnServer, real, simulated
from tests.contract.faults.table import table, write
from tests.examples import ROOT
from tests.live.provision import Server, restarted

Task = tuple[int, int, str, str]
"""The number of a case, a seed, the kind of client, and the way."""
KINDS = (BLOCKING, AWAITED)


def one(task: Task, url: str) -> Outcome:
    """A run on the server at an address, or on its own simulator."""
    number, seed, kind, way = task
    case = CASES[number]
    if url:
        return run(case, seed, kind, OnServer(Server(url, "")), way)
    with simulated(slow=bool(case.by_others) or case.interrupted or case.slow) as place:
        return run(case, seed, kind, place, way)


def work(tasks: Sequence[Task], url: str, threads: int) -> None:
    """The work of one process; prints outcomes as lines of JSON."""
    alone = [task for task in tasks if CASES[task[0]].interrupted]  # these need the main thread
    others = [task for task in tasks if not CASES[task[0]].interrupted]
    with ThreadPoolExecutor(threads) as pool:
        for outcome in itertools.chain(
            pool.map(lambda task: one(task, url), others), (one(task, url) for task in alone)
        ):
            print(json.dumps(outcome.to_json()), flush=True)


def shared(tasks: Sequence[Task], processes: int, threads: int, url: str = "") -> Iterator[Outcome]:
    """The outcomes of tasks, run by several processes."""
    with contextlib.ExitStack() as stack:
        running = []
        for part in (tasks[number::processes] for number in range(processes)):
            file = stack.enter_context(tempfile.TemporaryFile("w+"))
            json.dump(list(part), file)
            file.seek(0)
            command = [sys.executable, "-m", "tests.contract.faults", "--work", url, "--threads", str(threads)]
            running.append(subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, text=True, cwd=ROOT))
        lines: Queue[str | None] = Queue()
        for process in running:
            Thread(target=_read, args=[process, lines], daemon=True).start()
        for _ in running:
            for line in iter(lines.get, None):
                yield Outcome.from_json(json.loads(line))
        if failed := [process.returncode for process in running if process.wait()]:
            raise SystemExit(f"some processes ended with status {failed}")


def _read(process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    assert process.stdout
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def live(tasks: Sequence[Task], processes: int, threads: int) -> Iterator[Outcome]:
    """The outcomes on a real server. Changes to its queue by others affect only a few runs at a time."""
    cases = {task: CASES[task[0]] for task in tasks}
    alone = [task for task, case in cases.items() if case.interrupted]
    waves = [task for task, case in cases.items() if case.by_others in ("clear", "prune", "cancel")]
    killed = [task for task, case in cases.items() if case.by_others == "kill"]
    slow = [task for task, case in cases.items() if case.slow]
    quiet = [task for task in tasks if task not in {*alone, *waves, *killed, *slow}]
    if quiet or alone or waves:
        with real(quick=True) as place:
            yield from shared(quiet, processes, threads, place.url)
            yield from shared(alone, 1, 1, place.url)
            for wave in _batched(waves, 4):
                yield from shared(wave, 1, len(wave), place.url)
    if slow:
        with real(quick=False) as place:
            yield from shared(slow, processes, threads, place.url)
    for wave in _batched(killed, 20):
        with restarted(after=4.0, quick=True) as server:
            yield from shared(wave, 1, len(wave), server.url)


def _batched(tasks: Sequence[Task], size: int) -> Iterator[Sequence[Task]]:
    """Batches of up to `size` tasks of one case."""
    for _, same in itertools.groupby(tasks, key=lambda task: task[0]):
        rest = list(same)
        while rest:
            yield rest[:size]
            rest = rest[size:]


def read(log: Path) -> list[Outcome]:
    """The outcomes in a log file."""
    return [Outcome.from_json(json.loads(line)) for line in log.open()] if log.exists() else []


def report(title: str, outcomes: Iterator[Outcome], *, into_page: bool, log: Path | None) -> int:
    """Print the outcomes, and return how many runs were wrong."""
    start = time.monotonic()
    found = []
    before = len(read(log)) if log else 0
    with log.open("a") if log else contextlib.nullcontext() as lines:
        for outcome in outcomes:
            found.append(outcome)
            if len(found) <= before:
                continue
            if lines:
                print(json.dumps(outcome.to_json()), file=lines, flush=True)
    found.sort(key=lambda outcome: CASES.index(outcome.case))
    wrong = [outcome for outcome in found if outcome.problem]
    print(f"\n{title}: {len(found)} runs, {len(wrong)} wrong, {time.monotonic() - start:.0f} s\n\n{table(found)}\n")
    for outcome in wrong:
        case = outcome.case
        print(f"WRONG {case.group}: {case.name}, {outcome.way}, seed {outcome.seed}, {outcome.kind}: {outcome.problem}")
    if into_page:
        write(title, found)
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.faults", description=__doc__)
    parser.add_argument(
        "times", type=int, nargs="?", default=1, help="how often, with each kind of client (%(default)s)"
    )
    parser.add_argument("--live", action="store_true", help="on a real server, in place of the simulator")
    parser.add_argument("--only", default="", help="the faults whose group and name contain these words")
    parser.add_argument("--way", nargs="+", choices=WAYS, default=[RUN], help="what is called; without it `run`")
    parser.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=10, help="of each process")
    parser.add_argument("--write", action="store_true", help="write the table into docs/faults.md")
    parser.add_argument("--log", type=Path, help="a file for the outcome of each run; runs in it are not repeated")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is not None:
        work([tuple(task) for task in json.load(sys.stdin)], options.work, options.threads)
        return 0
    chosen = [number for number, case in enumerate(CASES) if options.only in f"{case.group}: {case.name}"]
    seeds = range(options.first, options.first + options.times)
    tasks = list(itertools.product(chosen, seeds, KINDS, options.way))
    known = read(options.log) if options.log else []
    have = {(CASES.index(outcome.case), outcome.seed, outcome.kind, outcome.way) for outcome in known}
    left = [task for task in tasks if task not in have]
    outcomes = itertools.chain(known, (live if options.live else shared)(left, options.processes, options.threads))
    title = "on a real server" if options.live else "on the simulator"
    if options.way != [RUN]:
        title = f"{title}, by way"
    return bool(report(title, outcomes, into_page=options.write, log=options.log))


if __name__ == "__main__":
    sys.exit(main())
