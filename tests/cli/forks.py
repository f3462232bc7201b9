"""Builds that receive a signal at a chosen moment.

Starting takes longer than building, so a process that has imported everything forks one for each build. A moment is a
number of steps (file system calls, counted by Python's audit events) and a delay after it, so it does not depend on how
busy the machine is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.examples import ROOT

STEPS: Final = frozenset(
    {"fcntl.flock", "open", "os.chmod", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.scandir"}
)
NEVER: Final = 10**9


@dataclass(frozen=True, slots=True)
class Ended:
    """How a build ended."""

    status: int
    """Its exit status, or the negative number of the signal that killed it."""
    steps: int
    """The number of steps; 0 if it was killed."""


@dataclass(frozen=True, slots=True)
class Forks:
    """Makes builds in a folder."""

    process: subprocess.Popen[str]

    def build(
        self, *, step: int = NEVER, delay: float = 0, number: int = signal.SIGKILL, steps: Collection[str] = STEPS
    ) -> Ended:
        """Run `invokable generate`, and send it a signal after a step and a delay. Only `steps` count."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps([step, delay, number, [*steps]]), file=self.process.stdin, flush=True)
        return Ended(*json.loads(self.process.stdout.readline()))


@contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """The process that builds in a folder."""
    command = [sys.executable, "-m", "tests.cli.forks"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Forks(process)
        assert process.stdin
        process.stdin.close()


def serve() -> None:
    """Read moments, fork a build for each, and print how it ends."""
    import black  # noqa: F401
    import jinja2  # noqa: F401

    import invokable.cli.generate
    import invokable.codegen.render  # noqa: F401
    from invokable.codegen.written.made_from import last_change_of_ours

    last_change_of_ours()  # checks all of invokable's own files, once
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _build(writing, *json.loads(line))
        os.close(writing)
        with os.fdopen(reading) as told:
            steps = int(told.read() or 0)
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), steps]), flush=True)


def _build(told: int, step: int, delay: float, number: int, steps: Collection[str]) -> None:
    taken = 0

    def count(event: str, _: object) -> None:
        nonlocal taken
        if event not in steps:
            return
        taken += 1
        if taken != step:
            return
        if delay == 0:
            os.kill(os.getpid(), number)
        else:
            signal.setitimer(signal.ITIMER_REAL, delay)

    signal.signal(signal.SIGINT, signal.default_int_handler)  # the parent process may ignore it
    signal.signal(
        signal.SIGALRM, signal.SIG_DFL if number == signal.SIGKILL else lambda *_: os.kill(os.getpid(), number)
    )
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.argv = ["invokable", "generate", "-q"]
    from invokable.cli import main

    sys.addaudithook(count)
    try:
        try:
            main()
        except SystemExit as ended:
            os.write(told, str(taken).encode())
            os._exit(ended.code if isinstance(ended.code, int) else 1)
    except KeyboardInterrupt:  # after the end
        os._exit(128 + signal.SIGINT)


if __name__ == "__main__":
    serve()
