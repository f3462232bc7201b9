"""Errors: the messages and exit statuses of the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

import click

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


class CommandError(click.ClickException):
    """One line for stderr and the exit status."""

    def __init__(self, failure: BuildError) -> None:
        super().__init__(failure.message)
        self.failure = failure

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click defines it as a class attribute
        """The exit status."""
        return STATUS[self.failure.kind]

    def format_message(self) -> str:
        """`FILE: JSON-POINTER: what is wrong`."""
        return plain(str(self.failure))

    def show(self, file: object = None) -> None:
        """Print only the line to stderr."""
        say_error(str(self.failure))


@contextmanager
def reported() -> Iterator[None]:
    """End the command with one line when a build fails."""
    try:
        yield
    except BuildError as failure:
        raise CommandError(failure) from None


def show_all(failures: Iterable[BuildError]) -> int:
    """Print a line for each failure, and return the highest of their exit statuses."""
    errors = [CommandError(failure) for failure in failures]
    for error in errors:
        error.show()
    return max((error.exit_code for error in errors), default=Status.FINE)


def warn(where: str, message: str) -> None:
    """Print a warning to stderr."""
    say_error(f"{where}: warning: {message}")


def note(where: str, message: str) -> None:
    """Print information to stderr."""
    say_error(f"{where}: {message}")


def say(text: str) -> None:
    """Print a line to stdout. It stays on one line, and terminal control characters are escaped."""
    _write(text, error=False)


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
