"""Expensive workflows: each grows with a number, and the work to read it must not grow faster.

python -m tests.codegen.nasty [NUMBER]     prints size, CPU seconds and memory of each
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from invokable.codegen import Options, generate_module
from invokable.workflow import WorkflowFileError, read_document
from tests.workflow.builders import connector, edge, field_element, field_input, form, node, schema, workflow

COUNTING = {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 100_000}


def equal_labels(number: int) -> Any:
    """Fields with the same label."""
    nodes = [node(f"n{i}", "add", label="Same", a=i, b=i) for i in range(number)]
    return workflow(*nodes, form=form(*(f"n{i}.a" for i in range(number))))


def wide_attributes(number: int) -> Any:
    """Fields whose names and limits do not fit on a line."""
    settings = {"type": "integer-field-config", "min": -123456789, "max": 1234567890}
    label = "a rather long label of more than sixty characters, number"
    nodes = [node(f"n{i}", "add", label=f"{i} {label}", a=i, b=i) for i in range(number)]
    return workflow(*nodes, form=form(*(field_element(f"n{i}.a", settings=settings) for i in range(number))))


def aliases_of_one_field(number: int) -> Any:
    """One field that the form shows again and again."""
    return workflow(node("n", "add", a=1, b=2), form=form(*["n.a"] * number))


def deep_containers(number: int) -> Any:
    """Nested containers, each with a heading and a field."""
    inner: list[Any] = []
    for _ in range(number):
        inner = [{"type": "heading", "data": {"content": "Deeper"}}, "n.a", inner]
    return workflow(node("n", "add", a=1, b=2), form=_flat_form(inner))


def _flat_form(entry: list[Any]) -> Any:
    """The form of nested lists, built without recursion."""
    elements: dict[str, Any] = {}
    stack: list[tuple[list[Any], str, str | None]] = [(entry, "root", None)]
    while stack:
        children, key, parent = stack.pop()
        names = [f"{key}/{i}"[-12:] + f"-{len(elements)}-{i}" for i in range(len(children))]
        elements[key] = {"id": key, "type": "container", "data": {"layout": "column", "children": names}}
        if parent is not None:
            elements[key]["parentId"] = parent
        for name, child in zip(names, children, strict=True):
            if isinstance(child, list):
                stack.append((child, name, key))
            elif isinstance(child, dict):
                elements[name] = {"id": name, "parentId": key} | child
            else:
                elements[name] = {"id": name, "parentId": key} | field_element(child)
    return {"rootElementId": "root", "elements": elements}


def batches_over_connectors(number: int) -> Any:
    """Batch nodes fed by one generator through a long chain of connectors."""
    chain = [connector(f"c{i}") for i in range(number)]
    batches = [node(f"b{i}", "integer_batch", batch_group_id="None", integers=[]) for i in range(number // 100 + 1)]
    edges = [edge("g.integers", "c0.in"), *(edge(f"c{i}.out", f"c{i + 1}.in") for i in range(number - 1))]
    edges += [edge(f"c{number - 1}.out", f"b{i}.integers") for i in range(len(batches))]
    return workflow(node("g", "integer_generator", generator=COUNTING), *chain, *batches, edges=edges)


def generators_of_many_items(number: int) -> Any:
    """Generators of 100,000 items, each with its own batch node."""
    nodes = [node("a", "add", a=1, b=2)]
    edges = []
    for i in range(number):
        nodes += [node(f"g{i}", "integer_generator", generator=COUNTING), node(f"t{i}", "add", a=1)]
        nodes.append(node(f"b{i}", "integer_batch", batch_group_id="None", integers=[]))
        edges += [edge(f"g{i}.integers", f"b{i}.integers"), edge(f"b{i}.value", f"t{i}.a")]
    return workflow(*nodes, edges=edges, form=form("a.b"))


def one_batch_to_many_fields(number: int) -> Any:
    """A batch node with many values that feeds many fields."""
    batch = node("b", "integer_batch", batch_group_id="None", integers=list(range(number)))
    targets = [node(f"t{i}", "add", a=1) for i in range(number)]
    return workflow(batch, *targets, edges=[edge("b.value", f"t{i}.a") for i in range(number)], form=form("t0.b"))


def long_texts(number: int) -> Any:
    """Ids, labels, descriptions and values that are very long."""
    text = "(long [text " * number
    document = workflow(node(text, "string", value=text), node("b", "string", value=text, label=text))
    document["form"] = {
        "rootElementId": "root",
        "elements": {
            "root": {"id": "root", "type": "container", "data": {"layout": "column", "children": ["f"]}},
            "f": field_element("b.value") | {"id": "f", "parentId": "root"},
        },
    }
    document["nodes"][1]["data"]["inputs"]["value"] |= {"label": text, "description": text}
    document["name"] = document["description"] = text
    return document


def dropdowns(number: int) -> Any:
    """A dropdown with many options, and many dropdowns with their own options."""
    settings: dict[str, Any] = {"type": "string-field-config", "component": "dropdown"}
    many = settings | {"options": [{"label": f"Option {i}", "value": f"{i}"} for i in range(number)]}
    nodes = [node(f"n{i}", "string", value="x") for i in range(number // 4 + 1)]
    shown = [field_element("n0.value", settings=many)]
    shown += [
        field_element(
            f"n{i}.value",
            settings=settings | {"options": [{"label": "", "value": f"{i} {part} {'x' * 30}"} for part in "ab"]},
        )
        for i in range(1, len(nodes))
    ]
    return workflow(*nodes, form=form(*shown))


def unknown_names(number: int) -> Any:
    """Unknown node types, fields and edges, each similar to many names."""
    nodes = [node(f"n{i}", f"add{i}", label="x" * 50) for i in range(number)]
    known = [node(f"k{i}", "add", a=1) for i in range(number)]
    for i, found in enumerate(known):
        found["data"]["inputs"][f"aa{i}"] = field_input(f"aa{i}", 1)
    nodes += known
    edges = [edge(f"m{i}.value", f"k{i}.a") for i in range(number)]
    return workflow(*nodes, edges=edges, form=form(*(f"x{i}.a" for i in range(number)), "k0.a"))


def one_connector_to_many(number: int) -> Any:
    """A connector that feeds many fields before anything feeds it."""
    targets = [node(f"t{i}", "add", a=1) for i in range(number)]
    edges = [*(edge("c.out", f"t{i}.a") for i in range(number)), edge("i.value", "c.in")]
    return workflow(node("i", "integer", value=1), connector("c"), *targets, edges=edges, form=form("t0.b"))


def empty_objects(number: int) -> Any:
    """Empty lists and objects in places for any value."""
    return workflow(
        node("d", "core_metadata", extra=[{} for _ in range(number)]), node("a", "add", a=1), form=form("a.a")
    )


def long_lists(number: int) -> Any:
    """Lists of texts, long texts, numbers, images and LoRAs in the form."""
    prompts = [f"{i} {'a fox in the snow, ' * (i % 9)}" for i in range(number)]
    lora = {"key": "k", "hash": "blake3:0", "name": "x" * 40, "base": "sd-1", "type": "lora"}
    nodes = [
        node("s", "string_batch", batch_group_id="None", strings=[f"{i}" for i in range(number)]),
        node("p", "string_collection", collection=prompts),
        node("n", "integer_collection", collection=list(range(number))),
        node("f", "float_collection", collection=[i / 7 for i in range(number)]),
        node("m", "image_collection", images=[{"image_name": f"{i}{'x' * (i % 90)}.png"} for i in range(number)]),
        node("l", "lora_collection_loader", loras=[{"lora": lora, "weight": 0.5 + i % 2} for i in range(number)]),
        node("t", "string", value="x"),
    ]
    shown = form("s.strings", "p.collection", "n.collection", "f.collection", "m.images", "l.loras")
    return workflow(*nodes, edges=[edge("s.value", "t.value")], form=shown)


def prompts(number: int) -> Any:
    """Fields with a text of several lines, or one that is just too long for a line."""
    nodes = [node(f"n{i}", "string", value="a fox, " * (i % 40)) for i in range(number)]
    nodes += [node(f"w{i}", "string", value="x" * (i % 80)) for i in range(number)]
    return workflow(*nodes, form=form(*(f"{letter}{i}.value" for i in range(number) for letter in "nw")))


def many_to_many(number: int) -> Any:
    """Fields that all go into one list, which feeds many nodes."""
    made = [node(f"n{i}", "integer", value=i) for i in range(number)]
    fed = [node(f"t{i}", "add", b=1) for i in range(number)]
    edges = [edge(f"n{i}.value", "c.item") for i in range(number)] + [edge("c.collection", "l.collection")]
    edges += [edge("l.item", f"t{i}.a") for i in range(number)]
    nodes = [*made, node("c", "collect"), node("l", "iterate"), *fed]
    return workflow(*nodes, edges=edges, form=form(*(f"n{i}.value" for i in range(number))))


def with_emoji(make: Callable[[int], Any]) -> Callable[[int], Any]:
    """The same workflows with an emoji in every text: a `str` that has one takes four bytes a character."""
    return lambda number: _with_emoji(make(number), "") | {"name": "Fox \U0001f98a"}


def _with_emoji(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_emoji(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_emoji(item, key) for item in value]
    return f"{value}\U0001f98a" if isinstance(value, str) and value and key in _TEXTS else value


_TEXTS = {"label", "description", "value", "content", "strings", "collection"}

NASTY: dict[str, tuple[Callable[[int], Any], int]] = {
    "equal labels": (equal_labels, 1_200),
    "wide attributes": (wide_attributes, 200),
    "aliases of one field": (aliases_of_one_field, 1_000),
    "deep containers": (deep_containers, 300),
    "batches over connectors": (batches_over_connectors, 600),
    "generators of many items": (generators_of_many_items, 50),
    "one batch to many fields": (one_batch_to_many_fields, 300),
    "long texts": (long_texts, 3_000),
    "dropdowns": (dropdowns, 400),
    "unknown names": (unknown_names, 200),
    "one connector to many": (one_connector_to_many, 300),
    "empty objects": (empty_objects, 5_000),
    "long lists": (long_lists, 600),
    "prompts": (prompts, 800),
    "many to many": (many_to_many, 600),
}
"""The workflows, each with a number at which it takes a few hundredths of a second."""
COSTLY = {
    *("equal labels", "wide attributes", "prompts", "many to many"),
    *("batches over connectors", "one connector to many"),
}
"""Those that take two thirds of the time of all."""


def generated(document: Any) -> str:
    """The module of a workflow; empty if it is refused."""
    try:
        read = read_document(json.dumps(document).encode())
        return generate_module(read, schema(), source="nasty.json", options=Options(lenient=True)).text
    except WorkflowFileError:
        return ""


def main() -> None:
    """Print the cost of each."""
    factor = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    generated(equal_labels(1))
    for name, (make, number) in NASTY.items():
        document = make(number * factor)
        size = len(json.dumps(document)) / 2**20
        begin = time.process_time()
        text = generated(document)
        spent = time.process_time() - begin
        tracemalloc.start()
        generated(document)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(
            f"{name:<26} {size:6.2f} MiB  {spent:6.2f} s ({spent / size:5.2f} s/MiB)"
            f"  {peak:7.1f} MiB ({peak / size:5.1f} times)  module {len(text) / 2**20:6.2f} MiB"
        )


if __name__ == "__main__":
    main()
