"""Downloads: files are checked for their type and completeness before they are used."""

from __future__ import annotations

import io

import pytest
from PIL import Image as PILImage

from invokable import Image, NotInvokeAIError, Video
from invokable.runtime.steps.exchange.protocol import Request, Response
from invokable.runtime.steps.resources.downloads import download
from tests.clip import CLIP
from tests.runtime.driving import Driver


def png() -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", (40, 30), "red").save(buffer, "PNG")
    return buffer.getvalue()


def downloaded(medium: Image | Video, *contents: bytes) -> bytes:
    """Download from a server that sends these contents in order, repeating the last one."""
    into, left = io.BytesIO(), list(contents)
    kind = "image/png" if isinstance(medium, Image) else "video/mp4"

    def reply(request: Request) -> Response:
        assert request.into is into
        into.write(left.pop(0) if len(left) > 1 else left[0])
        return Response(200, kind, b"", "GET", "http://server")

    Driver(reply).drive(download(medium, into))
    return into.getvalue()


def test_a_complete_file_is_accepted() -> None:
    assert downloaded(Image("a.png"), png()) == png()
    assert downloaded(Video("a.mp4"), CLIP) == CLIP


def cuts(content: bytes) -> list[bytes]:
    return [content[:length] for length in (40, 45, len(content) // 2, len(content) - 1)]


@pytest.mark.parametrize("cut", cuts(png()), ids=len)
def test_an_incomplete_image_is_downloaded_again(cut: bytes) -> None:
    assert downloaded(Image("a.png"), cut, png()) == png()
    with pytest.raises(NotInvokeAIError, match="answered with image/png that is cut off"):
        downloaded(Image("a.png"), cut)


@pytest.mark.parametrize("cut", cuts(CLIP), ids=len)
def test_an_incomplete_video_is_downloaded_again(cut: bytes) -> None:
    assert downloaded(Video("a.mp4"), cut, CLIP) == CLIP
    with pytest.raises(NotInvokeAIError, match="answered with video/mp4 that is cut off"):
        downloaded(Video("a.mp4"), cut)


def test_the_last_box_of_a_video_may_extend_to_the_end() -> None:
    open_end = CLIP + b"\0\0\0\0mdat and more"
    assert downloaded(Video("a.mp4"), open_end) == open_end


def test_a_box_may_have_a_long_length() -> None:
    box = b"\0\0\0\1free" + (20).to_bytes(8) + b"\0\0\0\0"
    assert downloaded(Video("a.mp4"), CLIP + box) == CLIP + box
    with pytest.raises(NotInvokeAIError):
        downloaded(Video("a.mp4"), CLIP + box[:-1])


def test_a_box_that_is_shorter_than_its_head_is_not_the_end_of_a_video() -> None:
    with pytest.raises(NotInvokeAIError, match="cut off"):
        downloaded(Video("a.mp4"), CLIP + b"\0\0\0\4free")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG", b"GIF89a", b"GIF89a" + png()[-12:]])
def test_a_file_of_another_type_is_refused(content: bytes) -> None:
    with pytest.raises(NotInvokeAIError, match=r"not valid|empty"):
        downloaded(Image("a.png"), content)
