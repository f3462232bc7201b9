"""The command line: one file per command, each a thin shell over a function."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Final

from invokable._extras import lacks_codegen

_INTERRUPTED: Final = 130


def main() -> None:
    """Run the `invokable` command. Without the `codegen` extra, say how to install it."""
    try:
        _run()
    except KeyboardInterrupt:  # while importing modules
        _leave("interrupted")
    except SystemExit as end:
        if end.code != _INTERRUPTED:
            raise
        _leave()


def _run() -> None:
    # Imports create many objects and few cycles: collection would take a tenth of the time.
    gc.set_threshold(100_000, 20, 100)
    try:
        from invokable.cli.streams import prepare_streams

        prepare_streams()
        from invokable.cli.shell import shell

        shell()
    except ModuleNotFoundError as error:
        if not lacks_codegen(error):
            raise
        print(
            "invokable: the command line needs one extra: pip install 'invokable[codegen]'",
            file=sys.stderr,
        )
        sys.exit(2)
    finally:
        gc.freeze()  # exit frees everything anyway: a last collection would take a sixth of the time


def _leave(line: str = "") -> None:
    """Exit immediately: Ctrl-C during Python's own shutdown would cause a traceback or another status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if line:
        print(line, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(_INTERRUPTED)
