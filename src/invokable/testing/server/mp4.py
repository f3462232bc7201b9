"""MP4 files with JPEG frames, written and read without a codec.

ftyp  mdat (the frames)  moov ─ trak ─ mdia ─ minf ─ stbl (where each frame is)
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from PIL import Image

_MATRIX: Final = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_CONTAINERS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_UNKNOWN_FPS: Final = 16.0


@dataclass(frozen=True)
class Video:
    """The properties of a file."""

    width: int
    height: int
    fps: float
    count: int
    data: bytes = field(default=b"", repr=False)

    @cached_property
    def frames(self) -> tuple[Image.Image, ...]:
        """The frames if Pillow can read them, as in files written here."""
        boxes = _first_boxes(self.data)
        return tuple(_frames(self.data, boxes)) if b"jpeg" in boxes.get(b"stsd", b"") else ()


def write(frames: Sequence[Image.Image], fps: float) -> bytes:
    """Return frames of one size as an MP4 file."""
    samples = [_jpeg(frame) for frame in frames]
    start = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2mp41")
    offset = len(start) + 8
    return start + _box(b"mdat", *samples) + _moov(samples, frames[0].size, fps, offset)


def _jpeg(frame: Image.Image) -> bytes:
    buffer = io.BytesIO()
    frame.convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full(kind: bytes, *content: bytes, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", flags), *content)


def _moov(samples: list[bytes], size: tuple[int, int], fps: float, offset: int) -> bytes:
    scale, each = round(fps * 1000), 1000
    duration = each * len(samples)
    mvhd = _full(
        b"mvhd",
        struct.pack(">IIIIIH10x", 0, 0, scale, duration, 0x10000, 0x100),
        _MATRIX,
        struct.pack(">24xI", 2),
    )
    tkhd = _full(
        b"tkhd",
        struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, duration, 0, 0, 0, 0),
        _MATRIX,
        struct.pack(">II", size[0] << 16, size[1] << 16),
        flags=3,
    )
    mdhd = _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, scale, duration, 0x55C4, 0))
    hdlr = _full(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"video\0")
    dref = _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))
    minf = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), _box(b"dinf", dref), _stbl(samples, size, each, offset))
    return _box(b"moov", mvhd, _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, minf)))


def _stbl(samples: list[bytes], size: tuple[int, int], each: int, offset: int) -> bytes:
    entry = _box(
        b"jpeg",
        struct.pack(">6xH16xHHIIIH32xHh", 1, *size, 0x480000, 0x480000, 0, 1, 24, -1),
    )
    lengths = struct.pack(f">II{len(samples)}I", 0, len(samples), *map(len, samples))
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">III", 1, len(samples), each)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, len(samples), 1)),
        _full(b"stsz", lengths),
        _full(b"stco", struct.pack(">II", 1, offset)),
    )


def read(data: bytes) -> Video:
    """Read a file. Raises ValueError if it is not an MP4 file with a video track."""
    boxes = _first_boxes(data)
    try:
        width, height = (side >> 16 for side in struct.unpack(">II", boxes[b"tkhd"][-8:]))
        scale = struct.unpack_from(">I", boxes[b"mdhd"], 12)[0]
        count, each = struct.unpack_from(">II", boxes[b"stts"], 8)
    except (KeyError, struct.error) as error:
        raise ValueError("Could not read the video: not an MP4 file with a video track") from error
    return Video(width or 1, height or 1, scale / each if each else _UNKNOWN_FPS, count, data)


def _first_boxes(data: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for kind, content in _boxes(data):
        found.setdefault(kind, content)
    return found


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + length] if length >= 8 else data[position + 8 :]
        yield kind, content
        if kind in _CONTAINERS:
            yield from _boxes(content)
        position += length if length >= 8 else len(data)


def _frames(data: bytes, boxes: dict[bytes, bytes]) -> Iterator[Image.Image]:
    (offset,) = struct.unpack_from(">I", boxes[b"stco"], 8)
    lengths = boxes[b"stsz"]
    (count,) = struct.unpack_from(">I", lengths, 8)
    for length in struct.unpack_from(f">{count}I", lengths, 12):
        yield Image.open(io.BytesIO(data[offset : offset + length])).convert("RGB")
        offset += length
