"""Images in place of a model's: of the right size, the same for the same job, different for another."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from invokable.testing.execution import Completed, Progress
from invokable.testing.execution.pictures import labelled, scene
from invokable.testing.execution.recipes import Recipe
from invokable.testing.server.mp4 import read, write
from tests.effort import slow_beyond
from tests.testing.execution.pipelines import LORA, MODEL, text_to_image
from tests.testing.execution.running import Memory, Run, graph


def painted(**job: Any) -> Image.Image:
    return Run(text_to_image(**job)).image("decode")


def apart(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two images, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.mark.parametrize("size", [8, 64, 320, 1024])
def test_a_picture_has_the_size_of_the_noise(size: int) -> None:
    assert painted(size=size).size == (size, size)


def test_the_same_job_gives_the_same_bytes_whatever_the_session() -> None:
    first = Run(text_to_image(), session_id="1").image("decode")
    assert first.tobytes() == Run(text_to_image(), session_id="2").image("decode").tobytes()


@pytest.mark.parametrize("change", [{"seed": 8}, {"prompt": "a hare"}, {"steps": 7}, {"weight": 0.6}])
def test_another_job_gives_another_picture(change: dict[str, Any]) -> None:
    assert apart(painted(), painted(**change)) > 5


def test_a_second_pass_has_a_picture_of_its_own_seed() -> None:
    transformer = {"transformer": MODEL, "loras": []}
    given = {"transformer": transformer, "num_steps": 2, "positive_text_conditioning": {"conditioning_name": "none"}}

    def twice(seed: int) -> Image.Image:
        nodes: dict[str, dict[str, Any]] = {
            "first": {"type": "flux_denoise", **given, "seed": 1, "width": 128, "height": 64},
            "second": {"type": "flux_denoise", **given, "seed": seed, "width": 512, "height": 512},
            "decode": {"type": "flux_vae_decode", "vae": {"vae": MODEL}},
        }
        run = Run(graph(nodes, "first.latents -> second.latents", "second.latents -> decode.latents"))
        return run.image("decode")

    assert twice(2).size == (128, 64)
    assert apart(twice(2), twice(3)) > 5


def test_the_reference_to_a_unet_names_model_and_lora() -> None:
    unet = Run(text_to_image()).result("lora")["unet"]
    assert (unet["unet"]["name"], unet["unet"]["submodel_type"]) == ("tiny", "unet")
    assert unet["loras"] == [{"lora": {**LORA, "submodel_type": None}, "weight": 0.5}]


def test_denoising_reports_each_step_and_some_previews() -> None:
    run = Run(text_to_image(steps=20))
    reported = [it for it in run.events if isinstance(it, Progress) and it.source_id == "denoise"]
    loading, steps = reported[:3], reported[3:]
    assert [step.message for step in loading] == [
        "Loading model tiny (unet)",
        "Loading model sketch",
        "Loading model tiny (scheduler)",
    ]
    assert [step.percentage for step in steps] == [number / 20 for number in range(21)]
    previews = [step.image for step in steps if step.image]
    assert 3 <= len(previews) <= 6
    assert all(preview.startswith(b"\x89PNG") for preview in previews)
    assert isinstance(run.events[run.events.index(steps[-1]) + 1], Completed)


def test_text_is_written_onto_the_picture() -> None:
    plain = scene("x", (512, 512))
    written = labelled(plain, "Latents to Image", Recipe(prompt="a red fox", seed=7))
    box = ImageChops.difference(plain, written).getbbox()
    assert box
    assert box[1] > 256


@pytest.mark.parametrize("prompt", ["", "一隻狐狸", "word " * 500, "x" * 3000, "line\nbreak\ttab"])
@pytest.mark.parametrize("size", slow_beyond(2, [(8, 8), (300, 200), (64, 64), (1024, 16), (16, 1024)]))
def test_any_prompt_can_be_written_on_any_size(prompt: str, size: tuple[int, int]) -> None:
    recipe = Recipe(prompt=prompt, seed=2**32 - 1, steps=30, cfg=7.5, model="m" * 200, loras=("a", "b"))
    assert labelled(scene("x", size), "Node", recipe).size == size


def test_what_was_only_encoded_is_decoded_as_it_was() -> None:
    services = Memory()
    picture = Image.radial_gradient("L").convert("RGB").resize((64, 64))
    vae = {"vae": MODEL, "seamless_axes": []}
    nodes = {
        "encode": {"type": "i2l", "image": services.keep(picture), "vae": vae},
        "decode": {"type": "l2i", "vae": vae},
    }
    run = Run(graph(nodes, "encode.latents -> decode.latents"), services)
    assert run.image("decode").tobytes() == picture.tobytes()


@pytest.mark.parametrize(("model", "factor"), [("RealESRGAN_x4plus.pth", 4), ("RealESRGAN_x2plus.pth", 2)])
def test_an_upscaler_enlarges_by_its_factor(model: str, factor: int) -> None:
    services = Memory()
    image = services.keep(Image.new("RGB", (32, 16)))
    run = Run(graph({"up": {"type": "esrgan", "image": image, "model_name": model}}), services)
    assert run.image("up").size == (32 * factor, 16 * factor)


def test_a_video_is_written_and_read_again() -> None:
    frames = [Image.new("RGB", (48, 32), (index * 50, 0, 0)) for index in range(4)]
    video = read(write(frames, 12))
    assert (video.width, video.height, video.fps, video.count) == (48, 32, 12.0, 4)
    assert [round(ImageStat.Stat(frame).mean[0] / 50) for frame in video.frames] == [0, 1, 2, 3]


def test_other_files_than_videos_are_refused() -> None:
    with pytest.raises(ValueError, match="not an MP4 file"):
        read(b"\0\0\0\x08free")
