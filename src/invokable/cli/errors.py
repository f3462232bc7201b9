"""Errors: the messages and exit statuses of the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from invokable.codegen.failures import BuildError, FailureKind
from invokable.contract.plain import plain

_SLICE: Final = 1 << 16  # characters


class Status(IntEnum):
    """Exit statuses."""

    FINE = 0
    DRIFT = 1
    BAD_INPUT = 2
    REFUSED = 3
    SERVER = 4
    INTERRUPTED = 130
    TERMINATED = 143


STATUS: Final[dict[FailureKind, Status]] = {
    "input": Status.BAD_INPUT,
    "refused": Status.REFUSED,
    "server": Status.SERVER,
}


def show_failure(failure: BuildError) -> Status:
    """Print the line of a failure to stderr, `FILE: JSON-POINTER: what is wrong`, and return its exit status."""
    say_error(str(failure))
    return STATUS[failure.kind]


def show_all(failures: Iterable[BuildError]) -> int:
    """Print a line for each failure, and return the highest of their exit statuses."""
    return max([show_failure(failure) for failure in failures], default=Status.FINE)


def warn(where: str, message: str) -> None:
    """Print a warning to stderr."""
    say_error(f"{where}: warning: {message}")


def note(where: str, message: str) -> None:
    """Print information to stderr."""
    say_error(f"{where}: {message}")


def say(text: str) -> None:
    """Print a line to stdout. It stays on one line, and terminal control characters are escaped."""
    _write(text, error=False)


def say_text(text: str) -> None:
    """Print the lines of a text to stdout, as `say` does."""
    for line in text.split("\n"):
        say(line)


def say_lines(parts: Iterable[str]) -> None:
    """Print long lines to stdout, as `say` does, in parts: only a line break at the end of a part ends a line."""
    for part in parts:
        text = part.removesuffix("\n")
        sys.stdout.write(plain(text))
        if len(text) < len(part):
            sys.stdout.write("\n")
    sys.stdout.flush()


def say_json(pieces: Iterable[str]) -> None:
    """Print ASCII JSON text, which may be long, to stdout."""
    sys.stdout.writelines(pieces)
    sys.stdout.write("\n")


def say_error(text: str) -> None:
    """Print a line to stderr, as `say` does."""
    _write(text, error=True)


def _write(text: str, *, error: bool) -> None:
    stream = sys.stderr if error else sys.stdout
    for start in range(0, len(text), _SLICE):  # a long text is encoded in parts to save memory
        stream.write(plain(text[start : start + _SLICE]))
    stream.write("\n")
    stream.flush()
