"""Graphs that the engine and a real server both run: nodes as keyword arguments, edges as text."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]
Graph = tuple[dict[str, Node], list[str]]

COLOUR = {"r": 40, "g": 180, "b": 90, "a": 255}
RED = {"r": 200, "g": 30, "b": 60, "a": 255}


def n(node_type: str, **values: Any) -> Node:
    """Build a node."""
    return {"type": node_type, **values}


def g(edges: str = "", **nodes: Node) -> Graph:
    """Build a graph; `edges` is `a.value -> b.a; …`, and `given` is the node with the test's image."""
    return nodes, [edge for edge in edges.split("; ") if edge]


SMALL = n("blank_image", width=30, height=20, mode="RGBA", color={**COLOUR, "a": 128})
BOX = n("bounding_box", x_min=5, y_min=4, x_max=35, y_max=24)
CHANNELS = (
    "Green (RGBA)",
    "Alpha (RGBA)",
    "Yellow (CMYK)",
    "Hue (HSV)",
    "Value (HSV)",
    "Luminosity (LAB)",
    "Cb (YCbCr)",
)
RESAMPLING = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
INTEGER_MATHS = ("ADD", "SUB", "MUL", "DIV", "EXP", "MOD", "ABS", "MIN", "MAX")
FLOAT_MATHS = ("ADD", "SUB", "MUL", "DIV", "EXP", "ABS", "SQRT", "MIN", "MAX")

ON_IMAGES: list[Node] = [
    *(n("img_resize", width=50, height=21, resample_mode=mode) for mode in RESAMPLING),
    *(n("img_conv", mode=mode) for mode in ("L", "RGB", "RGBA", "CMYK", "HSV", "LAB", "F")),
    *(n("img_chan", channel=channel) for channel in "ARGB"),
    *(n("img_channel_offset", channel=channel, offset=40) for channel in CHANNELS),
    *(n("img_channel_multiply", channel=channel, scale=1.3) for channel in CHANNELS),
    n("save_image"),
    n("show_image"),
    n("image"),
    n("canvas_output"),
    n("img_crop", x=-5, y=3, width=40, height=30),
    n("img_pad_crop", left=5, right=-10, top=-3, bottom=8),
    n("img_scale", scale_factor=1.37),
    n("img_lerp", min=30, max=200),
    n("img_ilerp", min=30, max=200),
    n("img_ilerp", min=90, max=90),
    n("img_blur", radius=3),
    n("img_blur", radius=2.5, blur_type="box"),
    n("unsharp_mask", radius=2, strength=80),
    n("img_channel_multiply", channel="Red (RGBA)", scale=0.7, invert_channel=True),
    n("img_hue_adjust", hue=100),
    n("img_hue_adjust_oklch", hue=100),
    n("invokeai_img_enhance", invert=True, color=1.4, contrast=0.8, brightness=1.2, sharpness=2),
    n("invokeai_img_val_thresholds", threshold_upper=0.6, threshold_lower=0.3),
    n("invokeai_img_dilate_erode", radius_w=2, radius_h=2),
    n("color_map", tile_size=16),
    n("infill_rgba", color=COLOUR),
    n("tomask"),
    n("tomask", invert=True),
    n("mask_from_id", color=COLOUR, threshold=120),
    n("crop_image_to_bounding_box"),
    n("heuristic_resize", width=70, height=50),
    n("alpha_mask_to_tensor", invert=True),
    n("image_mask_to_tensor", cutoff=100),
    n("img_watermark"),
    n("canny_edge_detection"),
    n("img_noise", seed=3),
    n("unsharp_mask_oklab"),
]
"""Each runs on an image."""

WITH_OTHERS: list[Graph] = [
    g("given.image -> node.base_image; small.image -> node.image", small=SMALL, node=n("img_paste", x=-7, y=9)),
    g(
        "given.image -> node.base_image; small.image -> node.image; given.image -> node.mask",
        small=SMALL,
        node=n("img_paste", x=20, y=9, crop=True),
    ),
    g("given.image -> node.image1; small.image -> node.image2", small=SMALL, node=n("img_mul")),
    g("given.image -> node.mask1; small.image -> node.mask2", small=SMALL, node=n("mask_combine")),
    g("given.image -> node.base_image; small.image -> node.color_reference", small=SMALL, node=n("color_correct")),
    g(
        "given.image -> blur.image; given.image -> node.base_image; blur.image -> node.color_reference",
        blur=n("img_blur"),
        node=n("color_correct", colorspace="YCbCr-Luma"),
    ),
    g(
        "given.image -> node.image; box.bounding_box -> node.bounding_box",
        box=BOX,
        node=n("crop_image_to_bounding_box"),
    ),
    g(
        "small.image -> node.source_image; given.image -> node.target_image; box.bounding_box -> node.bounding_box",
        small=SMALL,
        box=BOX,
        node=n("paste_image_into_bounding_box"),
    ),
    g(
        "given.image -> chan.image; given.image -> node.image; chan.image -> node.mask",
        chan=n("img_chan"),
        node=n("apply_mask_to_image", invert_mask=True),
    ),
    g("given.image -> t.image; t.mask -> node.mask", t=n("image_mask_to_tensor"), node=n("tensor_mask_to_image")),
    g(
        "t.mask -> i.mask; i.mask -> node.mask; given.image -> node.image",
        t=n("rectangle_mask", width=64, height=48, x_left=5, y_top=40, rectangle_width=20, rectangle_height=20),
        i=n("invert_tensor_mask"),
        node=n("apply_tensor_mask_to_image"),
    ),
    g(
        "given.image -> chan.image; given.image -> node.mask",
        chan=n("img_chan", channel="R"),
        node=n("get_image_mask_bounding_box", margin=2, mask_color=RED),
    ),
    g(
        "given.image -> blur.image; given.image -> chan.image; given.image -> node.source_image; "
        "blur.image -> node.target_image; chan.image -> node.mask",
        blur=n("img_blur", radius=5),
        chan=n("img_chan", channel="R"),
        node=n("canvas_paste_back", mask_blur=3),
    ),
    g(
        "given.image -> chan.image; given.image -> node.generated_image; chan.image -> node.mask",
        chan=n("img_chan", channel="R"),
        node=n("canvas_v2_mask_and_crop", mask_blur=4),
    ),
    g(
        "given.image -> chan.image; chan.image -> node.image",
        chan=n("img_chan", channel="R"),
        node=n("mask_edge", edge_size=4, edge_blur=1, low_threshold=100, high_threshold=200),
    ),
    g(
        "given.image -> chan.image; chan.image -> node.mask",
        chan=n("img_chan", channel="R"),
        node=n("expand_mask_with_fade", fade_size_px=8),
    ),
    g(
        "tiles.tiles -> each.collection; each.item -> where.tile; given.image -> crop.image; "
        "where.coords_left -> crop.x; where.coords_top -> crop.y; where.width -> crop.width; "
        "where.height -> crop.height; crop.image -> pair.image; each.item -> pair.tile; "
        "pair.tile_with_image -> all.item; all.collection -> node.tiles_with_images",
        tiles=n(
            "calculate_image_tiles_min_overlap",
            image_width=64,
            image_height=48,
            tile_width=40,
            tile_height=32,
            min_overlap=8,
        ),
        each=n("iterate"),
        where=n("tile_to_properties"),
        crop=n("img_crop"),
        pair=n("pair_tile_image"),
        all=n("collect"),
        node=n("merge_tiles_to_image", blend_mode="Linear", blend_amount=4),
    ),
]

WITHOUT_IMAGES: list[Graph] = [
    *(g(node=n("integer_math", operation=operation, a=-17, b=5)) for operation in INTEGER_MATHS),
    *(g(node=n("float_math", operation=operation, a=2.25, b=1.5)) for operation in FLOAT_MATHS),
    *(
        g(node=n("float_to_int", method=m, value=-13.5, multiple=3))
        for m in ("Nearest", "Floor", "Ceiling", "Truncate")
    ),
    g(node=n("float_range", start=0.1, stop=0.9, steps=7)),
    g(node=n("random_range", low=-5, high=1000, size=9, seed=4294967295)),
    g(node=n("string_split_neg", string="a [b [c] d] \\[e\\] f]g")),
    g(node=n("string_replace", string="Fox fox FOX", search_string="fox", replace_string="hare")),
    g(node=n("string_replace", string="a1b22", search_string="\\d+", replace_string="<\\g<0>>", use_regex=True)),
    g(node=n("string_split", string="a,b,c", delimiter=",")),
    g(node=n("string_split", string="abc")),
    g(node=n("div", a=1, b=0)),
    g(node=n("image_panel_layout", width=100, height=60, num_cols=3, panel_col_idx=2)),
    g(node=n("wan_i2v_ideal_dimensions", width=700, height=500, rounding="ceiling")),
    g(node=n("calculate_image_tiles", image_width=1000, image_height=600)),
    g(node=n("calculate_image_tiles_even_split", image_width=1000, image_height=640, num_tiles_x=3, overlap=16)),
    g(node=n("calculate_image_tiles_even_split", image_width=1001)),
    g(node=n("dynamic_prompt", prompt="a {red|{dark |}green} {2$$ and $$x|y|z}", max_prompts=20, combinatorial=True)),
    g(node=n("dynamic_prompt", prompt="a __fox__", combinatorial=True)),
    g(node=n("core_metadata", seed=5, other={"a": None})),
    g(node=n("call_saved_workflow")),
    g(node=n("img_blur")),
    g(node=n("l2i")),
    g(node=n("img_blur", image={"image_name": "none.png"})),
    g(
        "node.noise -> s.latents; node.noise -> r.latents; node.noise -> c.latents",
        node=n("noise", width=72, height=64, seed=9),
        s=n("lscale", scale_factor=1.3),
        r=n("lresize", width=128, height=64),
        c=n("crop_latents", x=8, y=0, width=32, height=64),
    ),
    g(
        "zero.value -> node.width; b.image -> node.image",
        zero=n("integer", value=0),
        b=n("blank_image", width=8, height=8),
        node=n("img_resize"),
    ),
    g(
        "i.value -> node.string_left; f.value -> node.string_right; i.value -> g.a",
        i=n("integer", value=7),
        f=n("float", value=2),
        node=n("string_join"),
        g=n("float_math"),
    ),
    g(
        "a.collection -> i.collection; i.item -> r.start; r.collection -> j.collection; "
        "i.item -> x.a; j.item -> x.b; x.value -> c.item; c.collection -> k.collection; "
        "k.item -> y.a; y.value -> node.item",
        a=n("range", stop=2),
        i=n("iterate"),
        r=n("range_of_size", size=2),
        j=n("iterate"),
        x=n("add"),
        c=n("collect"),
        k=n("iterate"),
        y=n("add"),
        node=n("collect"),
    ),
    g(
        "a.collection -> i.collection; i.item -> x.a; x.value -> c.item; n.value -> x.b",
        a=n("integer_collection"),
        i=n("iterate"),
        x=n("add"),
        c=n("collect"),
        n=n("integer", value=4),
    ),
    g(
        "a.collection -> i.collection; i.item -> x.a; x.value -> c.item; "
        "s.collection -> c.collection; c.collection -> d.collection; i.item -> d.item",
        a=n("range", stop=3),
        i=n("iterate"),
        x=n("add"),
        c=n("collect"),
        s=n("integer_collection", collection=[7]),
        d=n("collect"),
    ),
    g(
        "b.value -> node.condition; t.value -> t2.a; s.value -> t2.b; t2.value -> node.true_input; "
        "f.value -> node.false_input; node.value -> z.a; s.value -> z.b",
        b=n("boolean", value=True),
        t=n("integer", value=1),
        t2=n("add"),
        f=n("integer", value=2),
        s=n("integer", value=3),
        node=n("if"),
        z=n("add"),
    ),
    g(
        "b.value -> node.condition; t.value -> t2.a; s.value -> t2.b; t2.value -> node.true_input; "
        "f.value -> node.false_input; node.value -> z.a; s.value -> z.b",
        b=n("boolean", value=False),
        t=n("integer", value=1),
        t2=n("add"),
        f=n("integer", value=2),
        s=n("integer", value=3),
        node=n("if"),
        z=n("add"),
    ),
    g(
        "r.collection -> i.collection; i.item -> t.a; i.item -> f.a; t.value -> node.true_input; "
        "f.value -> node.false_input; node.value -> c.item",
        r=n("integer_collection", collection=[0, 1]),
        i=n("iterate"),
        t=n("add", b=10),
        f=n("add", b=20),
        node=n("if", condition=True),
        c=n("collect"),
    ),
    g("b.width -> node.item; b.height -> node.item", b=SMALL, node=n("collect")),
    g("int.value -> a.a; a.value -> z.a", int=n("integer", value=1), a=n("mul", b=3), z=n("sub", b=9)),
    g(node=n("dynamic_prompt", prompt="a {__fox__|b}", combinatorial=True)),
]
