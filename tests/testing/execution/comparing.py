"""The differences between two sessions of a graph: the server's and ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from PIL import Image, ImageChops

Document = Mapping[str, Any]
Load = Callable[[str], Image.Image]

TOLERANCE = 2
"""The allowed difference of a channel, as float arithmetic may be rounded differently."""

RANDOM = frozenset({"rand_int", "rand_float", "random_range", "dynamic_prompt", "img_noise"})
"""Node types with random values, except for `random_range`, which has a seed."""

ROUGH = frozenset(
    {
        "canny_edge_detection",
        "content_shuffle",
        "cv_inpaint",
        "expand_mask_with_fade",
        "heuristic_resize",
        "img_noise",
        "img_watermark",
        "infill_cv2",
        "infill_patchmatch",
        "infill_tile",
        "invokeai_ealightness",
        "invokeai_img_blend",
        "invokeai_img_composite",
        "invokeai_img_dilate_erode",
        "invokeai_img_hue_adjust_plus",
        "l2i",
        "img_hue_adjust_oklch",
        "mask_edge",
        "merge_tiles_to_image",
        "unsharp_mask_oklab",
    }
)
"""Node types whose images only approximate the server's: their size is compared, and what they feed."""


def differences(theirs: Document, ours: Document, load_theirs: Load, load_ours: Load) -> list[str]:
    """The differences of two session documents, as lines."""
    return [*_structure(theirs, ours), *_nodes(theirs, ours), *_results(theirs, ours, load_theirs, load_ours)]


def _structure(theirs: Document, ours: Document) -> Iterator[str]:
    if missing := (theirs.keys() ^ ours.keys()):
        yield f"keys of only one document: {sorted(missing)}"
    for name, shape in SHAPES.items():
        if shape(theirs) != shape(ours):
            yield f"{name}: {shape(theirs)} on the server, {shape(ours)} here"


def _errors(document: Document) -> Any:
    # Ids differ in each session.
    return len(document["errors"]) if _names_ids(document) else sorted(document["errors"].values())


def _names_ids(document: Document) -> bool:
    return any(exec_id in text for exec_id, text in document["errors"].items())


def _paths(document: Document) -> list[tuple[str, tuple[int, ...]]]:
    mapping = document["prepared_source_mapping"]
    return sorted((mapping[it], tuple(path)) for it, path in document["prepared_iteration_paths"].items())


def _edges(document: Document) -> Iterator[tuple[Any, ...]]:
    for edge in document["execution_graph"]["edges"]:
        source, target = edge["source"], edge["destination"]
        yield (
            *_place(document, source["node_id"]),
            source["field"],
            *_place(document, target["node_id"]),
            target["field"],
        )


def _place(document: Document, exec_id: str) -> tuple[str, tuple[int, ...]]:
    return document["prepared_source_mapping"][exec_id], tuple(document["prepared_iteration_paths"][exec_id])


SHAPES: dict[str, Callable[[Document], Any]] = {
    "executions of each node": lambda document: Counter(document["prepared_source_mapping"].values()),
    "iteration paths": _paths,
    "nodes done": lambda document: sorted(document["executed_history"]),
    "mapping": lambda document: {source: len(ids) for source, ids in document["source_prepared_mapping"].items()},
    "edges": lambda document: Counter(_edges(document)),
    "open inputs": lambda document: Counter(document["indegree"].values()),
    "errors": _errors,
    "graph": lambda document: document["graph"],
}
"""A document without what depends on ids."""


def _nodes(theirs: Document, ours: Document) -> Iterator[str]:
    mine = {_place(ours, exec_id): node for exec_id, node in ours["execution_graph"]["nodes"].items()}
    for exec_id, node in theirs["execution_graph"]["nodes"].items():
        other = mine.get(_place(theirs, exec_id))
        if other is not None and set(node) != set(other):
            yield f"fields of {_place(theirs, exec_id)}: {sorted(set(node) ^ set(other))} are in one only"


def _results(theirs: Document, ours: Document, load_theirs: Load, load_ours: Load) -> Iterator[str]:
    mine = {_place(ours, exec_id): result for exec_id, result in ours["results"].items()}
    for exec_id, result in theirs["results"].items():
        place = _place(theirs, exec_id)
        node_type = theirs["graph"]["nodes"][place[0]]["type"]
        if place not in mine:
            yield f"no result of {place}"
            continue
        for line in _values(result, mine[place], load_theirs, load_ours, rough=node_type in ROUGH):
            if node_type not in RANDOM:
                yield f"{node_type} {place}: {line}"


def _values(theirs: Any, ours: Any, load_theirs: Load, load_ours: Load, *, rough: bool) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if theirs.keys() != ours.keys():
            yield f"{sorted(theirs)} on the server, {sorted(ours)} here"
            return
        for name in theirs:
            yield from _values(theirs[name], ours[name], load_theirs, load_ours, rough=rough)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for one, other in zip(theirs, ours, strict=True):
            yield from _values(one, other, load_theirs, load_ours, rough=rough)
    elif _is_image(theirs) and _is_image(ours) and theirs != ours:
        yield from _pixels(load_theirs(theirs), load_ours(ours), rough=rough)
    elif not _is_name(theirs) and not _equal(theirs, ours):
        yield f"{theirs!r} on the server, {ours!r} here"


def _equal(theirs: Any, ours: Any) -> bool:
    if isinstance(theirs, float) and isinstance(ours, float):
        return abs(theirs - ours) <= 1e-9 * max(1.0, abs(theirs))
    return type(theirs) is type(ours) and bool(theirs == ours)


def _is_image(value: Any) -> bool:
    return isinstance(value, str) and value.endswith(".png")


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("Tensor_", "ConditioningFieldData_"))


def _pixels(theirs: Image.Image, ours: Image.Image, *, rough: bool) -> Iterator[str]:
    if theirs.size != ours.size:
        yield f"an image of {theirs.size} on the server, of {ours.size} here"
    elif not rough and theirs.mode != ours.mode:
        yield f"an image of mode {theirs.mode} on the server, {ours.mode} here"
    elif not rough and (worst := furthest(theirs, ours)) > TOLERANCE:
        yield f"pixels differ by {worst}"


def furthest(one: Image.Image, other: Image.Image) -> int:
    """The maximum difference of a channel value between two images of the same size and mode."""
    if one.mode == "RGBA":
        # The colours of transparent pixels are not compared.
        one, other = one.convert("RGBa"), other.convert("RGBa")
    extrema = ImageChops.difference(_in_bands(one), _in_bands(other)).getextrema()
    return int(max(high for _, high in extrema) if isinstance(extrema[0], tuple) else extrema[1])


def _in_bands(image: Image.Image) -> Image.Image:
    return Image.merge("RGBA", image.split()) if image.mode == "RGBa" else image
