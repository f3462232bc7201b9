"""Reading: the bytes of a file up to a limit."""

from __future__ import annotations

from typing import Final, Protocol

_PIECE: Final = 1 << 20


class Readable(Protocol):
    """A file in binary mode, or an HTTP response."""

    def read(self, size: int, /) -> bytes:
        """Read up to so many bytes."""


def read_up_to(most: int, file: Readable) -> bytes:
    """The bytes of a file, but at most one more than `most`, which shows that the file is larger."""
    pieces, room = [], most + 1
    while room and (piece := file.read(min(room, _PIECE))):  # a single large read allocates memory for the largest file
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)
