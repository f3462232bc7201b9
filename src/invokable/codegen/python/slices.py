"""Operations on long texts without copying them."""

from __future__ import annotations

from typing import Final, Protocol

_SLICE: Final = 1 << 16


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def update(digest: _Digest, text: str, start: int = 0, end: int | None = None) -> None:
    """Add a text, or a part of it, to a running checksum, slice by slice."""
    end = len(text) if end is None else end
    for position in range(start, end, _SLICE):
        digest.update(text[position : min(position + _SLICE, end)].encode("utf-8", "surrogatepass"))


def with_line(text: str, line: str, start: int, new: str) -> str:
    """A text with the line that begins at `start` replaced; one copy is made, if no other line is the same."""
    if text.count(line) == 1:
        return text.replace(line, new)
    return f"{text[:start]}{new}{text[start + len(line) :]}"
