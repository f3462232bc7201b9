"""Problems: how the command line says what is wrong, and with which status it ends."""

from __future__ import annotations

from enum import IntEnum

import click


class Status(IntEnum):
    """Exit statuses."""

    FINE = 0
    DRIFT = 1
    BAD_INPUT = 2
    REFUSED = 3
    SERVER = 4


class CommandError(click.ClickException):
    """One line for stderr and the status to end with."""

    def __init__(
        self,
        where: str,
        message: str,
        *,
        pointer: str | None = None,
        status: Status = Status.BAD_INPUT,
    ) -> None:
        super().__init__(message)
        self.where = where
        self.pointer = pointer
        self.status = status

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click has it as a class attribute
        """The status to end with."""
        return self.status

    def format_message(self) -> str:
        """`FILE: JSON-POINTER: what is wrong`."""
        return plain(": ".join(part for part in (self.where, self.pointer, self.message) if part))

    def show(self, file: object = None) -> None:
        """Print the line, and nothing else, to stderr."""
        click.echo(self.format_message(), err=True)


def warn(where: str, message: str) -> None:
    """Print a warning to stderr."""
    click.echo(plain(f"{where}: warning: {message}"), err=True)


def plain(text: str) -> str:
    """Text for a terminal, on one line: what would steer the terminal is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
