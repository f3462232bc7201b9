"""The command line: one verb, one file, each a thin caller of a function."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `invokable` command. Without the `codegen` extra it says how to install it."""
    from invokable.cli.streams import prepare_streams

    prepare_streams()
    try:
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
