"""Videos: frames of the generation's image, in a playable MP4 file."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Final

from PIL import Image

from invokable.testing.execution.facts import gathered
from invokable.testing.execution.node_run import Fields, NodeRun, Step
from invokable.testing.execution.nodes.latents import decoded
from invokable.testing.execution.nodes.placeholders import shown_size
from invokable.testing.execution.pictures import captioned
from invokable.testing.execution.registry import node
from invokable.testing.server.mp4 import Video, read, write

_FRAMES: Final = 81
_FPS: Final = 16


@node("wan_l2v")
def wan_l2v(run: NodeRun) -> Generator[Step, None, Fields]:
    """Decode latents into a video: a slow zoom into the image."""
    yield Step("Running Wan VAE decode (video)")
    recipe = gathered(run)
    width, height = shown_size(run, recipe)
    count, fps = recipe.frames or _FRAMES, run["fps"] or _FPS
    yield Step(f"Encoding MP4 ({count} frames @ {fps} fps)")
    picture = decoded(run, replace(recipe, width=width, height=height))
    return _saved(run, [_zoomed(picture, index / count) for index in range(count)], fps)


def _zoomed(picture: Image.Image, done: float) -> Image.Image:
    inset = [side * 0.06 * done for side in picture.size]
    box = (inset[0], inset[1], picture.width - inset[0], picture.height - inset[1])
    return picture.resize(picture.size, Image.Resampling.BILINEAR, box)


def _saved(run: NodeRun, frames: Sequence[Image.Image], fps: float) -> Fields:
    width, height = frames[0].size
    field = run.save_video(write(frames, fps))
    return _described(field, Video(width, height, fps, len(frames)))


def _described(field: dict[str, Any], video: Video) -> Fields:
    return {
        "video": field,
        "width": video.width,
        "height": video.height,
        "num_frames": video.count,
        "fps": float(video.fps),
        "duration": video.count / video.fps,
    }


@node("video")
def video(run: NodeRun) -> Fields:
    """Return a video and its properties."""
    return _described(run["video"], read(run.video("video")))


@node("video_frame_extract")
def video_frame_extract(run: NodeRun) -> Fields:
    """Take a frame; negative numbers count from the end."""
    found = read(run.video("video"))
    index = run["frame_index"]
    if not -found.count <= index < found.count:
        raise ValueError(f"Frame index {index} is out of range for a video with {found.count} frames.")
    return run.save(_frame(run, found, index % found.count))


def _frame(run: NodeRun, found: Video, index: int) -> Image.Image:
    if index < len(found.frames):
        return found.frames[index]
    blank = Image.new("RGB", (found.width, found.height), (40, 44, 60))
    return captioned(blank, f"{run.template.title} · frame {index}")


@node("extract_video_range")
def extract_video_range(run: NodeRun) -> Fields:
    """Cut out a range of frames, including the last."""
    found = read(run.video("video"))
    start, end = (
        min(max(index + found.count if index < 0 else index, 0), found.count - 1)
        for index in (run["start_frame"], run["end_frame"])
    )
    frames = [_frame(run, found, index) for index in range(start, max(end, start) + 1)]
    return {**_saved(run, frames, run["fps"] or found.fps), "start_frame": start, "end_frame": max(end, start)}


@node("video_concat")
def video_concat(run: NodeRun) -> Fields:
    """Join videos in the size of the first, without transitions."""
    parts = [read(run.services.load_video(field["video_name"])) for field in run["videos"]]
    size = (parts[0].width, parts[0].height)
    frames = [_frame(run, part, index).resize(size) for part in parts for index in range(part.count)]
    return _saved(run, frames, run["fps"] or parts[0].fps)
