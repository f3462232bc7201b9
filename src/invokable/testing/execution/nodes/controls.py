"""Preprocessors: rough versions of their effect, with the preprocessor's name as a caption."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PIL import Image, ImageFilter, ImageOps

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.masks import kept
from invokable.testing.execution.pictures import captioned
from invokable.testing.execution.registry import node


def _edges(image: Image.Image) -> Image.Image:
    smooth = image.convert("L").filter(ImageFilter.GaussianBlur(1))
    return smooth.filter(ImageFilter.FIND_EDGES).point([0] * 12 + [255] * 244)


def _soft_edges(image: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(image.convert("L").filter(ImageFilter.GaussianBlur(2)).filter(ImageFilter.FIND_EDGES))


def _depth(image: Image.Image) -> Image.Image:
    near = Image.linear_gradient("L").resize(image.size)
    return Image.blend(image.convert("L").filter(ImageFilter.GaussianBlur(max(image.size) / 40)), near, 0.5)


def _normals(image: Image.Image) -> Image.Image:
    return Image.merge("RGB", (_relief(image, (-1, 1)), _relief(image, (1, -1)), Image.new("L", image.size, 230)))


def _relief(image: Image.Image, weights: tuple[int, int]) -> Image.Image:
    kernel = ImageFilter.Kernel((3, 3), (0, 0, 0, weights[0], 0, weights[1], 0, 0, 0), scale=1, offset=128)
    return image.convert("L").filter(kernel)


def _shuffled(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image.convert("RGB")).filter(ImageFilter.ModeFilter(9))


def _as_it_is(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


_LOOKS: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "canny_edge_detection": _edges,
    "content_shuffle": _shuffled,
    "depth_anything_depth_estimation": _depth,
    "dw_openpose_detection": _edges,
    "face_identifier": _as_it_is,
    "hed_edge_detection": _soft_edges,
    "lineart_anime_edge_detection": _soft_edges,
    "lineart_edge_detection": _soft_edges,
    "mediapipe_face_detection": _edges,
    "mlsd_detection": _edges,
    "normal_map": _normals,
    "pidi_edge_detection": _soft_edges,
}


@node(*_LOOKS)
def preprocessed(run: NodeRun) -> Fields:
    """Return an image roughly as preprocessed, in its own size."""
    return run.save(captioned(_LOOKS[run.template.type](run.image("image")), run.template.title))


@node("pbr_maps")
def pbr_maps(run: NodeRun) -> Fields:
    """Derive three maps from an image."""
    image = run.image("image")
    maps = {"normal_map": _normals(image), "roughness_map": _soft_edges(image), "displacement_map": _depth(image)}
    return {name: run.store(captioned(look, name.replace("_", " ").title())) for name, look in maps.items()}


@node("face_mask_detection", "face_off")
def faces(run: NodeRun) -> Fields:
    """Find no face: return the whole image, and a mask that keeps all of it."""
    image = run.image("image")
    fields = {**run.save(image.copy()), "mask": run.store(Image.new("L", image.size, 255))}
    return fields if run.template.type == "face_mask_detection" else {**fields, "x": 0, "y": 0}


@node("create_denoise_mask", "create_gradient_mask")
def denoise_mask(run: NodeRun) -> Fields:
    """Store a mask for denoising."""
    mask = run.image("mask", "L")
    name = kept(run, mask)["mask"]["tensor_name"]
    gradient = run.template.type == "create_gradient_mask"
    fields = {"denoise_mask": {"mask_name": name, "masked_latents_name": None, "gradient": gradient}}
    return {**fields, "expanded_mask_area": run.store(mask)} if gradient else fields
