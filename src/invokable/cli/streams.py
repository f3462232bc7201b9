"""Streams: standard output and error as they are found: of any encoding, closed, or a pipe whose reader goes away."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


def prepare_streams() -> None:
    """Let the process write what its output can encode, for as long as somebody reads it.

    A character that the encoding lacks is written as an escape. When the reader goes away, as `head` does, the rest
    is dropped and the command finishes its work.
    """
    sys.stdout = _ready(sys.stdout)
    sys.stderr = _ready(sys.stderr)


class _Patient(io.FileIO):
    """A file that drops what is written after its reader has gone, or after an error has said that it is broken."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream.fileno(), "wb", closefd=False)
        self._stream = stream  # which would close the file if nobody held it any more
        self._broken = False

    def write(self, data: Any, /) -> int:
        """Write some bytes, and return how many. Raises OSError once, but not for a reader that has gone."""
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


def _ready(stream: TextIO | None) -> TextIO:
    if stream is None:  # the descriptor was closed before the process began
        return open(os.devnull, "w", encoding="utf-8")  # as long as the process lives
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream.isatty():
        stream.reconfigure(errors="backslashreplace")
        return stream
    file = io.BufferedWriter(_Patient(stream))
    return io.TextIOWrapper(
        file, encoding=stream.encoding, errors="backslashreplace", line_buffering=stream.line_buffering
    )
