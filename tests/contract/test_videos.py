"""Videos as inputs and outputs of workflows, on the simulator and on real servers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PILImage

from invokable import BoardRecord, Client, NodeFinished, ValidationError
from tests.contract.test_repositories import has_videos
from tests.contract.videos import CUT, JOIN, flow


@pytest.fixture(autouse=True)
def only_with_videos(client: Client) -> None:
    if not has_videos(client):
        pytest.skip("this server has no videos")


def test_a_video_goes_through_a_run(client: Client, clip: bytes, board: BoardRecord, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip)
    told: list[Any] = []

    result = client.run(flow(CUT, video=path, cut_board=board), timeout=120, on_progress=told.append)

    assert (result.cut.width, result.cut.height, result.still.width) == (16, 16, 16)
    assert [result.cut] == result.videos
    assert result.cut.bytes()[4:8] == b"ftyp"
    assert PILImage.open(io.BytesIO(result.cut.thumbnail())).format == "WEBP"
    assert result.still.pil().size == (16, 16)
    assert result.cut in [video for event in told if isinstance(event, NodeFinished) for video in event.videos]
    saved = client.save_all(result, tmp_path / "out", "{attribute}-{width}")
    assert [file.name for file in saved] == ["cut-16.mp4", "still-16.png"]
    record = client.videos.get(result.cut.name)
    assert (record.board_id, record.origin, record.fps) == (board.id, "internal", 8.0)
    inside = client.videos.workflow(result.cut).workflow
    assert inside is not None
    assert {one["id"] for one in inside["nodes"]} == {"clip", "cut", "still"}


def test_videos_on_the_server_and_a_list_of_them_are_inputs(client: Client, board: BoardRecord, clip: bytes) -> None:
    uploaded = client.upload(clip, kind="video")
    joined = client.run(flow(JOIN, videos=[uploaded, clip, uploaded]), timeout=120)
    again = client.run(flow(CUT, video=joined.video), timeout=120)
    assert again.cut.width == 16
    assert client.videos.upload(again.cut, board=board).board_id == board.id
    videos = (uploaded, joined.video, again.cut)
    assert set(client.videos.delete(*videos)) == {video.name for video in videos}


@pytest.mark.parametrize("content", [b"", b"no video", b"\x89PNG\r\n\x1a\n"])
def test_what_is_not_a_video_is_refused_before_anything_runs(client: Client, content: bytes) -> None:
    before = client.queue.status().total
    with pytest.raises(ValidationError, match=r"video is empty|the server refused the file"):
        client.run(flow(CUT, video=content), timeout=60)
    assert client.queue.status().total == before
