"""Streams: the standard streams in any state: any encoding, closed, or a pipe whose reader is gone."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Literal, TextIO


def prepare_streams() -> None:
    """Make output work with any encoding, and after its reader is gone. Closed input is empty.

    Characters that the encoding lacks are written as escapes. When the reader goes away, as `head` does, the rest of
    the output is dropped and the command finishes its work.
    """
    sys.stdin = sys.stdin or _nothing("r")
    sys.stdout = _ready(sys.stdout)
    sys.stderr = _ready(sys.stderr)


class _TolerantFile(io.FileIO):
    """A file that drops output after its reader is gone, or after it has raised an error."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream.fileno(), "wb", closefd=False)
        self._stream = stream  # keep a reference: its finalizer would close the file
        self._broken = False

    def write(self, data: Any, /) -> int:
        """Write bytes, and return how many. Raises OSError only once, and not if the reader is gone."""
        size = memoryview(data).nbytes
        if self._broken:
            return size
        try:
            return super().write(data)
        except BrokenPipeError:
            self._broken = True
            return size
        except OSError as error:
            self._broken = True
            raise OSError(error.errno, error.strerror, self._stream.name) from None


def _nothing(mode: Literal["r", "w"]) -> TextIO:
    return open(os.devnull, mode, encoding="utf-8")  # as long as the process lives


def _ready(stream: TextIO | None) -> TextIO:
    if stream is None:  # the descriptor was closed before the process started
        return _nothing("w")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream.isatty():
        stream.reconfigure(errors="backslashreplace")
        return stream
    file = io.BufferedWriter(_TolerantFile(stream))
    return io.TextIOWrapper(
        file, encoding=stream.encoding, errors="backslashreplace", line_buffering=stream.line_buffering
    )
