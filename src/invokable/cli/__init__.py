"""The command line: one verb, one file, each a thin caller of a function."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the `invokable` command. Without the `codegen` extra it says how to install it."""
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
    except KeyboardInterrupt:  # before there is a command to end
        sys.exit(130)
