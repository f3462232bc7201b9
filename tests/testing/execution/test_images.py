"""Image nodes compute the pixels that follow from their documentation."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.testing.execution.running import Memory, Run, graph, run_node

RED, GREEN, CLEAR = (255, 0, 0), (0, 255, 0), (0, 0, 0, 0)


def made(node_type: str, image: Image.Image, **values: Any) -> Image.Image:
    """The result of a node for an image."""
    services = Memory()
    return run_node(node_type, services, image=services.keep(image), **values).image("node")


def made_of(node_type: str, images: dict[str, Image.Image], **values: Any) -> Image.Image:
    """The result of a node for several images, by field."""
    services = Memory()
    fields = {name: services.keep(image, f"{name}.png") for name, image in images.items()}
    return run_node(node_type, services, **fields, **values).image("node")


def flat(colour: Any, size: tuple[int, int] = (4, 4)) -> Image.Image:
    return Image.new({1: "L", 3: "RGB", 4: "RGBA"}[len(colour)], size, colour if len(colour) > 1 else colour[0])


def only_colour(image: Image.Image) -> Any:
    ((_, colour),) = image.getcolors() or [(0, "many")]
    return colour


def test_blank_image() -> None:
    colour = {"r": 1, "g": 2, "b": 3, "a": 128}
    image = run_node("blank_image", width=5, height=3, mode="RGBA", color=colour).image("node")
    assert (image.size, only_colour(image)) == ((5, 3), (1, 2, 3, 128))


def test_a_crop_reaches_beyond_the_image() -> None:
    image = made("img_crop", flat(RED), x=-1, y=2, width=6, height=4)
    assert image.size == (6, 4)
    assert [image.getpixel(at) for at in ((0, 0), (1, 0), (4, 1), (5, 0), (1, 2))] == [
        CLEAR,
        (*RED, 255),
        (*RED, 255),
        CLEAR,
        CLEAR,
    ]


def test_a_pad_moves_the_image_and_a_negative_one_cuts_it() -> None:
    image = made("img_pad_crop", flat(RED), left=2, right=-1, top=-1, bottom=3)
    assert image.size == (5, 6)
    assert [image.getpixel(at) for at in ((1, 0), (2, 0), (4, 2), (4, 3))] == [CLEAR, (*RED, 255), (*RED, 255), CLEAR]


def test_resize_nearest_repeats_pixels() -> None:
    two = Image.new("RGB", (2, 1), RED)
    two.putpixel((1, 0), GREEN)
    image = made("img_resize", two, width=4, height=1, resample_mode="nearest")
    assert [image.getpixel((x, 0)) for x in range(4)] == [RED, RED, GREEN, GREEN]


@pytest.mark.parametrize(("factor", "size"), [(2, (10, 6)), (1.5, (7, 4)), (0.5, (2, 1))])
def test_scale_rounds_down(factor: float, size: tuple[int, int]) -> None:
    assert made("img_scale", flat(RED, (5, 3)), scale_factor=factor).size == size


@pytest.mark.parametrize(
    ("value", "lerped", "spread"),
    [(0, 100, 0), (255, 200, 255), (51, 120, 0), (150, 158, 127), (100, 139, 0), (200, 178, 255)],
)
def test_lerp_squeezes_and_ilerp_spreads(value: int, lerped: int, spread: int) -> None:
    assert only_colour(made("img_lerp", flat((value,)), min=100, max=200)) == lerped
    assert only_colour(made("img_ilerp", flat((value,)), min=100, max=200)) == spread


def test_multiply_darkens_as_ink_on_ink() -> None:
    product = made_of("img_mul", {"image1": flat((255, 128, 0)), "image2": flat((10, 128, 99))})
    assert only_colour(product) == (10, 64, 0)


def test_a_channel_comes_out_grey() -> None:
    assert only_colour(made("img_chan", flat((1, 2, 3)), channel="G")) == 2


def test_conversion_to_grey_weighs_the_colours() -> None:
    assert [only_colour(made("img_conv", flat(colour), mode="L")) for colour in (RED, GREEN)] == [76, 150]


def test_a_mode_that_png_lacks_cannot_be_saved() -> None:
    services = Memory()
    run = run_node("img_conv", services, image=services.keep(flat(RED)), mode="CMYK")
    assert run.failed
    assert (run.failed.error_type, run.failed.error_message) == ("ImageFileSaveException", "Image file not saved")


def test_an_offset_stops_at_the_end_but_a_hue_goes_round() -> None:
    assert only_colour(made("img_channel_offset", flat((250, 9, 9)), channel="Red (RGBA)", offset=20))[0] == 255
    turned = only_colour(made("img_channel_offset", flat(RED), channel="Hue (HSV)", offset=-171))
    assert turned[1] > 250
    assert turned[0] < 10


def test_a_channel_is_scaled_then_inverted() -> None:
    image = made("img_channel_multiply", flat((100, 9, 9)), channel="Red (RGBA)", scale=2, invert_channel=True)
    assert only_colour(image) == (55, 9, 9, 255)


def test_alpha_survives_work_on_other_channels() -> None:
    image = made("img_channel_offset", flat((9, 9, 9, 77)), channel="Cyan (CMYK)", offset=40)
    assert only_colour(image)[3] == 77


def test_hues_turn_by_degrees() -> None:
    red, green, blue, alpha = only_colour(made("img_hue_adjust", flat(RED), hue=480))
    assert (red < 10, green > 250, blue < 10, alpha) == (True, True, True, 255)


@pytest.mark.parametrize("kind", ["gaussian", "box"])
def test_a_blur_keeps_a_flat_image_but_for_one(kind: str) -> None:
    # The server's arithmetic reduces every value above zero by one.
    assert only_colour(made("img_blur", flat((200, 1, 0)), radius=2, blur_type=kind)) == (199, 0, 0, 255)


def test_transparent_pixels_do_not_bleed_into_a_blur() -> None:
    image = Image.new("RGBA", (9, 1), (0, 0, 255, 0))
    image.paste((200, 0, 0, 255), (0, 0, 4, 1))
    blurred = made("img_blur", image, radius=1)
    edge = blurred.getpixel((4, 0))
    assert isinstance(edge, tuple)
    assert edge[2] == 0
    assert edge[0] > 150
    assert 0 < edge[3] < 255


def test_a_paste_grows_the_image_unless_cropped() -> None:
    images = {"base_image": flat(RED), "image": flat(GREEN, (2, 2))}
    grown = made_of("img_paste", images, x=-1, y=3)
    assert grown.size == (5, 5)
    assert [grown.getpixel(at) for at in ((0, 4), (1, 2), (0, 0))] == [(*GREEN, 255), (*RED, 255), CLEAR]
    cropped = made_of("img_paste", images, x=-1, y=3, crop=True)
    assert cropped.size == (4, 4)
    assert cropped.getpixel((0, 3)) == (*GREEN, 255)


def test_a_paste_leaves_out_what_its_mask_shows_white() -> None:
    images = {"base_image": flat(RED), "image": flat(GREEN), "mask": flat((255,))}
    assert only_colour(made_of("img_paste", images)) == (*RED, 255)


def test_alpha_becomes_a_mask_and_a_mask_alpha() -> None:
    assert only_colour(made("tomask", flat((1, 2, 3, 40)))) == 40
    assert only_colour(made("tomask", flat((1, 2, 3, 40)), invert=True)) == 215
    masked = made_of("apply_mask_to_image", {"image": flat((1, 2, 3)), "mask": flat((40,))}, invert_mask=True)
    assert only_colour(masked) == (1, 2, 3, 215)


def test_a_mask_of_a_colour_takes_what_is_near() -> None:
    image = flat((100, 0, 0, 255), (2, 1))
    image.putpixel((1, 0), (150, 0, 0, 255))
    mask = made("mask_from_id", image, color={"r": 90, "g": 0, "b": 0, "a": 255}, threshold=50)
    assert [mask.getpixel((x, 0)) for x in range(2)] == [255, 0]


def test_a_rectangle_is_set_inside_its_mask() -> None:
    nodes: dict[str, dict[str, Any]] = {
        "tensor": {
            "type": "rectangle_mask",
            "width": 8,
            "height": 6,
            "x_left": 2,
            "y_top": 1,
            "rectangle_width": 3,
            "rectangle_height": 9,
        },
        "inverted": {"type": "invert_tensor_mask"},
        "image": {"type": "tensor_mask_to_image"},
        "other": {"type": "tensor_mask_to_image"},
    }
    run = Run(graph(nodes, "tensor.mask -> image.mask", "tensor.mask -> inverted.mask", "inverted.mask -> other.mask"))
    assert run.image("image").getbbox() == (2, 1, 5, 6)
    assert run.image("other").getpixel((2, 1)) == 0


def test_the_box_of_a_mask_ends_at_its_last_pixel() -> None:
    services = Memory()
    mask = Image.new("L", (10, 10))
    mask.paste(255, (2, 3, 5, 8))
    box = run_node("get_image_mask_bounding_box", services, mask=services.keep(mask), margin=1).result("node")
    assert box["bounding_box"] == {"x_min": 1, "x_max": 5, "y_min": 2, "y_max": 8, "score": None}


def test_colours_are_matched_by_rank() -> None:
    base, reference = Image.new("L", (2, 1), 10), Image.new("L", (2, 1), 50)
    base.putpixel((1, 0), 20)
    reference.putpixel((1, 0), 200)
    matched = made_of("color_correct", {"base_image": base, "color_reference": reference})
    # Half of the reference is at most 50 up to just before 200, and all of it at most 200 up to 255.
    assert [matched.getpixel((x, 0)) for x in range(2)] == [(199, 199, 199, 255), (255, 255, 255, 255)]


def test_a_colour_behind_fills_what_is_clear() -> None:
    image = made("infill_rgba", flat(CLEAR), color={"r": 7, "g": 8, "b": 9, "a": 255})
    assert only_colour(image) == (7, 8, 9, 255)


def test_a_colour_map_has_a_colour_for_each_tile() -> None:
    image = Image.new("RGB", (8, 4), RED)
    image.paste(GREEN, (4, 0, 8, 4))
    mapped = made("color_map", image, tile_size=4)
    assert len(mapped.getcolors() or ()) == 2
    assert mapped.size == (8, 4)


# ----------------------------------------------------------------------- tiles


def spans(tiles: list[dict[str, Any]], start: str, end: str) -> list[tuple[int, int]]:
    return sorted({(tile["coords"][start], tile["coords"][end]) for tile in tiles})


def test_tiles_of_one_size_move_back_into_the_image() -> None:
    sizes = {"image_width": 100, "image_height": 64, "tile_width": 64, "tile_height": 64, "overlap": 16}
    tiles = run_node("calculate_image_tiles", **sizes).result("node")["tiles"]
    assert spans(tiles, "left", "right") == [(0, 64), (36, 100)]
    assert [tile["overlap"]["left"] for tile in tiles] == [0, 28]


def test_an_even_split_has_tiles_of_whole_eights() -> None:
    # 1000 pixels and two overlaps of 16 make three tiles of 344.
    sizes = {"image_width": 1000, "image_height": 64, "num_tiles_x": 3, "num_tiles_y": 1, "overlap": 16}
    tiles = run_node("calculate_image_tiles_even_split", **sizes).result("node")["tiles"]
    assert spans(tiles, "left", "right") == [(0, 344), (328, 672), (656, 1000)]


@pytest.mark.parametrize("mode", ["Linear", "Seam"])
def test_tiles_cut_and_merged_give_the_image_again(mode: str) -> None:
    services = Memory()
    picture = Image.radial_gradient("L").convert("RGB").resize((64, 48))
    nodes: dict[str, dict[str, Any]] = {
        "given": {"type": "image", "image": services.keep(picture)},
        "tiles": {
            "type": "calculate_image_tiles_min_overlap",
            "image_width": 64,
            "image_height": 48,
            "tile_width": 40,
            "tile_height": 32,
            "min_overlap": 8,
        },
        "each": {"type": "iterate"},
        "place": {"type": "tile_to_properties"},
        "crop": {"type": "img_crop"},
        "pair": {"type": "pair_tile_image"},
        "all": {"type": "collect"},
        "merged": {"type": "merge_tiles_to_image", "blend_mode": mode, "blend_amount": 8},
    }
    edges = [f"place.{name} -> crop.{field}" for name, field in (("coords_left", "x"), ("coords_top", "y"))]
    edges += [f"place.{name} -> crop.{name}" for name in ("width", "height")]
    edges += ["tiles.tiles -> each.collection", "each.item -> place.tile", "given.image -> crop.image"]
    edges += ["crop.image -> pair.image", "each.item -> pair.tile", "pair.tile_with_image -> all.item"]
    merged = Run(graph(nodes, *edges, "all.collection -> merged.tiles_with_images"), services).image("merged")
    assert merged.tobytes() == picture.tobytes()
