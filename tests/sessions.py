"""Sessions of pytest, one after another in the same folder.

Starting one takes longer than most tests, and most of that is for importing other packages. So a process that has
imported those, and nothing of this project, forks one for each session.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import Final

PACKAGES: Final = (
    "_hypothesis_pytestplugin",
    "_pytest.pytester",
    "anyio.pytest_plugin",
    "black",
    "click.testing",
    "httpx",
    "hypothesis.strategies",
    "jinja2",
    "jsonschema",
    "PIL.Image",
    "pydantic",
    "pytest",
    "rich.table",
    "socketio",
    "starlette.applications",
    "trustme",
    "uvicorn",
    "wsproto",
    "xdist.plugin",
)
"""What most tests import."""
LARGEST: Final = 4 * 2**30
"""Bytes of memory for a session: what it tests may loop forever and fill it."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Runs pytest in a folder."""

    folder: Path
    process: subprocess.Popen[str]

    def run(self, arguments: Sequence[str], longest: float) -> tuple[int, str]:
        """The exit status of pytest and what it printed; -9 if it was killed after `longest` seconds."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(arguments), file=self.process.stdin, flush=True)
        end = Timer(longest, os.kill, (int(self.process.stdout.readline()), signal.SIGKILL))
        end.start()
        try:
            status, printed = json.loads(self.process.stdout.readline())
        finally:
            end.cancel()
        return status, printed


@contextmanager
def sessions(folder: Path, environment: Mapping[str, str]) -> Iterator[Sessions]:
    """The process that runs pytest in a folder."""
    command = [sys.executable, __file__]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Sessions(folder, process)


def serve() -> None:
    """Read arguments, fork a session for each, and print its process id, and in the end its status and output."""
    sys.path[0] = os.getcwd()  # as with `python -m`, in place of this file's folder
    for name in PACKAGES:
        import_module(name)
    for line in sys.stdin:
        with TemporaryFile() as printed:
            child = os.fork()
            if child == 0:
                _session(json.loads(line), printed.fileno())
            print(child, flush=True)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            printed.seek(0)
            print(json.dumps([status, printed.read().decode(errors="replace")]), flush=True)


def _session(arguments: Sequence[str], output: int) -> None:
    """Run pytest as a process of its own would."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    import pytest

    sys.argv = ["pytest", *arguments]
    status = pytest.main([*arguments, "-W", "ignore::pytest.PytestAssertRewriteWarning"])
    sys.stdout.flush()
    os._exit(int(status))


if __name__ == "__main__":
    serve()
