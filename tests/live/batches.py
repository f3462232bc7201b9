"""Graphs and batches to submit: some that run, and many that a server refuses."""

from __future__ import annotations

from typing import Any, Final


def edge(source: str, field: str, destination: str, into: str) -> dict[str, Any]:
    return {"source": {"node_id": source, "field": field}, "destination": {"node_id": destination, "field": into}}


def _node(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"c": {"id": "c", "type": node_type, **fields}}


def datum(items: list[Any], **about: Any) -> dict[str, Any]:
    return {"node_path": "c", "field_name": "a", "items": items, **about}


USER: Final = "image_category=user&is_intermediate=false"
ADD: Final = _node("add")
BROKEN: Final = _node("img_blur")
BLANK: Final = {"a": {"id": "a", "type": "blank_image", "width": 16, "height": 16, "use_cache": False}}
_TEXTS: Final = ("name", "author", "description", "version", "contact", "tags", "notes")
WORKFLOW: Final[dict[str, Any]] = {
    **dict.fromkeys(_TEXTS, "x"),
    "exposedFields": [],
    "meta": {"category": "user", "version": "3.0.0"},
    "nodes": [],
    "edges": [],
}
_TWO: Final = {"c": {"id": "c", "type": "add"}, "d": {"id": "d", "type": "add"}}
REFUSED_GRAPHS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "unknown type": (_node("zzz"), []),
    "no type": ({"c": {"id": "c"}}, []),
    "not a node": ({"c": 3}, []),
    "wrong key": ({"d": {"id": "c", "type": "add"}}, []),
    "cycle": (_TWO, [edge("c", "value", "d", "a"), edge("d", "value", "c", "a")]),
    "edge to nowhere": (ADD, [edge("c", "value", "d", "a")]),
    "edge from nowhere": (ADD, [edge("d", "value", "c", "a")]),
    "edge from no field": (_TWO, [edge("c", "x", "d", "a")]),
    "edge to no field": (_TWO, [edge("c", "value", "d", "x")]),
    "edge of another type": ({**BLANK, **ADD}, [edge("a", "image", "c", "a")]),
    "half an edge": (ADD, [{"source": {"node_id": "c"}}]),
    "iterate alone": (_node("iterate"), []),
    "collect alone": (_node("collect"), []),
    "integer": (_node("add", a="x"), []),
    "fraction": (_node("add", a=1.5), []),
    "no integer": (_node("add", a=None), []),
    "number": (_node("float", value="x"), []),
    "text": (_node("string", value=True), []),
    "boolean": (_node("boolean", value=2), []),
    "choice": (_node("blank_image", mode="CMYK"), []),
    "step": (_node("noise", width=7), []),
    "limit": (_node("img_blur", radius=-1), []),
    "image": (_node("img_blur", image="x"), []),
    "image without name": (_node("img_blur", image={}), []),
    "colour": (_node("blank_image", color={"r": 1, "g": 2, "b": 3, "a": 300}), []),
    "half a colour": (_node("blank_image", color={"r": 1}), []),
    "list": (_node("integer_collection", collection=[1, "x"]), []),
    "no list": (_node("integer_collection", collection=5), []),
    "board": (_node("blank_image", board="none"), []),
    "model": (_node("main_model_loader", model={"key": "k"}), []),
    "flag": (_node("add", is_intermediate="x"), []),
    "text to choice": (
        {**_node("blank_image"), "s": {"id": "s", "type": "string"}},
        [edge("s", "value", "c", "mode")],
    ),
    "expanded node": (_node("integer_batch", integers=[1]), []),
}
POISON: Final = {
    "poison of a number": (ADD, "a", "hello"),
    "poison of a fraction": (ADD, "a", 1.5),
    "poison of a choice": (_node("blank_image"), "mode", "CMYK"),
}
REFUSED_BATCHES: Final[dict[str, dict[str, Any]]] = {
    "lengths": {"data": [[datum([1, 2]), datum([1], field_name="b")]]},
    "mixed": {"data": [[datum(["a", 2])]]},
    "twice": {"data": [[datum([1])], [datum([2])]]},
    "data of no node": {"data": [[datum([1], node_path="zz")]]},
    "data of no field": {"data": [[datum([1], field_name="zz")]]},
    "null": {"data": [[datum([None])]]},
    "object": {"data": [[datum([{"r": 1}])]]},
    "empty group": {"data": [[]]},
    "no items": {"data": [[datum([])]]},
    "no runs": {"runs": 0},
    "half a run": {"runs": 1.5},
    "null id": {"batch_id": None},
    "data as text": {"data": "x"},
    "workflow without members": {"workflow": {"name": "x"}},
    "workflow of no category": {"workflow": {**WORKFLOW, "meta": {"category": "zz", "version": "3"}}},
}
