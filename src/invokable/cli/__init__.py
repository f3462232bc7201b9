"""The command line: one verb, one file, each a thin caller of a function."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Final

_INTERRUPTED: Final = 130


def main() -> None:
    """Run the `invokable` command. Without the `codegen` extra it says how to install it."""
    try:
        _run()
    except KeyboardInterrupt:  # while modules are loaded
        _leave("interrupted")
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
        _leave()


def _run() -> None:
    gc.set_threshold(100_000, 20, 100)  # importing makes few cycles and many objects: looking for cycles takes a tenth
    try:
        from invokable.cli.streams import prepare_streams

        prepare_streams()
        from invokable.cli.shell import shell

        shell()
    except ModuleNotFoundError as error:
        if error.name not in {"anyascii", "black", "click", "jinja2", "rich"}:
            raise
        print(
            "invokable: the command line needs one extra: pip install 'invokable[codegen]'",
            file=sys.stderr,
        )
        sys.exit(2)
    finally:
        gc.freeze()  # the end of the process frees everything: looking for cycles in it first takes a sixth of the time


def _leave(line: str = "") -> None:
    """End at once: while Python tidies up, another Ctrl-C would end in a traceback or another status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if line:
        print(line, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(_INTERRUPTED)
