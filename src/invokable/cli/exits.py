"""Exits: every way in which a command can end, with at most one line and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import click

from invokable._extras import lacks_codegen
from invokable.cli.errors import Status, say_error, show_failure
from invokable.codegen.failures import BuildError
from invokable.contract.plain import plain

_INTERNAL = 70  # EX_SOFTWARE of sysexits.h
_SHOWS_TRACEBACK = "INVOKABLE_TRACEBACK"


class Terminated(BaseException):
    """SIGTERM was received: the command ends as after Ctrl-C."""


def exit_status_of(action: Callable[[], object]) -> int:
    """Run a command and return its exit status; errors are one line on stderr."""
    with _sigterm_as_interrupt():
        return _status_of(action)


def _status_of(action: Callable[[], object]) -> int:
    try:
        status = action()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), file=sys.stdout)
        return Status.BAD_INPUT
    except click.UsageError as error:
        return _wrong_usage(error)
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, Terminated) as error:
        return _interrupted(error)
    except BuildError as failure:
        return show_failure(failure)
    except OSError as error:
        return show_failure(of_system(error))
    except Exception as error:
        if lacks_codegen(error):
            raise  # `main` says how to install it
        return _unexpected(error)  # a bug in invokable
    return status if isinstance(status, int) else Status.FINE


def _wrong_usage(error: click.UsageError) -> int:
    path = error.ctx.command_path if error.ctx else "invokable"
    words = " ".join(error.format_message().split())
    say_error(f"{path}: {words} (see {path} --help)")
    return error.exit_code


def _interrupted(error: BaseException) -> int:
    notes = getattr(error.__cause__ or error, "__notes__", ())
    say_error("; ".join(("interrupted", *notes)))
    return Status.TERMINATED if isinstance(error, Terminated) else Status.INTERRUPTED


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, except for the status."""
    if threading.current_thread() is not threading.main_thread():  # signals only reach the main thread
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def of_system(error: OSError) -> BuildError:
    """The failure for an otherwise unhandled error of the operating system."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is not None:
        return BuildError(os.fsdecode(error.filename), f"cannot be read or written: {reason}")
    try:
        os.getcwd()
    except FileNotFoundError:
        return BuildError("current folder", "no longer exists; change to another folder and try again")
    except OSError as folder:
        return BuildError("current folder", f"cannot be read: {folder.strerror}")
    return BuildError("invokable", f"cannot read or write: {reason}")


def _unexpected(error: Exception) -> int:
    if os.environ.get(_SHOWS_TRACEBACK):
        raise error
    words = plain(" ".join(str(error).split()))[:200]
    say_error(
        f"invokable: internal error: {type(error).__name__}: {words} "
        f"({_SHOWS_TRACEBACK}=1 shows the traceback; please report it)"
    )
    return _INTERNAL
