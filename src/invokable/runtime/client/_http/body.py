"""Body: an answer as it arrives, decompressed within bounds."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

_LARGEST: Final = 64 * 2**20  # bytes of an answer that is not a file
_PIECE: Final = 2**20  # bytes that are decompressed at a time


class UnreadableError(Exception):
    """The answer cannot be read."""


class Body:
    """Receives the body of an answer, in memory or `into` a file."""

    def __init__(self, encoding: str, into: BinaryIO | None) -> None:
        self._buffer = io.BytesIO()
        self._is_packed = encoding == "gzip"
        self._unpacking: Any = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self.into: BinaryIO = self._buffer if into is None else into
        if encoding not in ("identity", "gzip") or (into is not None and encoding != "identity"):
            raise UnreadableError(f"the answer is compressed with {encoding!r}, which was not requested")

    def unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """Decompress in pieces of bounded size; httpx would decompress a small gzip bomb to any size."""
        if not self._is_packed:
            yield self._bounded(chunk)
            return
        try:
            while chunk:
                yield self._bounded(self._unpacking.decompress(chunk, _PIECE))
                chunk = self._unpacking.unconsumed_tail
        except zlib.error as error:
            raise UnreadableError(str(error)) from None

    def whole(self) -> bytes:
        """The body kept in memory, once it is complete."""
        if self._is_packed and not self._unpacking.eof:
            raise UnreadableError("the compressed answer was cut off")
        return self._buffer.getvalue()

    def _bounded(self, piece: bytes) -> bytes:
        if self.into is self._buffer and self._buffer.tell() + len(piece) > _LARGEST:
            raise UnreadableError(f"the answer is larger than {_LARGEST // 2**20} MiB")
        return piece
