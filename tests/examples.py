"""The two example workflows, for tests that need a real one to change."""

from __future__ import annotations

import itertools
import json
import linecache
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from invokable.codegen import Options, plan_document
from invokable.codegen.render import draft_module
from invokable.schema import Schema, load

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "generated_examples"
WORKFLOWS = MODULES / "workflows"
SHARED = Path(os.environ.get("INVOKABLE_SHARED") or ROOT.parent / "shared")
"""The output of InvokeAI's own editor for many workflows. It is not part of this repository."""


def example(name: str) -> Any:
    """The document of an example workflow, which the caller may modify."""
    return json.loads((WORKFLOWS / name).read_text(encoding="utf-8"))


def node(document: Any, node_type: str) -> Any:
    """The first node of a type, its `data`."""
    return next(n["data"] for n in document["nodes"] if n["type"] == "invocation" and n["data"]["type"] == node_type)


_numbers = itertools.count()


def imported(document: Any, options: Options | None = None, schema: Schema | None = None) -> ModuleType:
    """The module generated from a document, imported under a unique name. It is not laid out, which takes longest."""
    plan = plan_document(document, schema or load("6.14.2"), source="made.json", options=options)
    text = draft_module(plan, laid_out=False).unformatted().decode()
    module = ModuleType(f"generated_for_a_test_{next(_numbers)}")
    module.__file__ = f"{module.__name__}.py"
    sys.modules[module.__name__] = module
    linecache.cache[module.__file__] = (
        len(text),
        None,
        text.splitlines(keepends=True),
        module.__file__,
    )
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    return module


def workflow_class(module: ModuleType) -> Any:
    """The one class that a generated module defines."""
    (found,) = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    return found


def add_field(document: Any, node_id: str, field: str, settings: Any = None) -> None:
    """Show a field at the end of the form's root container."""
    form = document["form"]
    number = sum(element["type"] == "node-field" for element in form["elements"].values())
    element_id = f"node-field-added{number}"
    data = {"fieldIdentifier": {"nodeId": node_id, "fieldName": field}, "showDescription": True}
    if settings is not None:
        data["settings"] = settings
    root = form["elements"][form["rootElementId"]]
    root["data"]["children"].append(element_id)
    form["elements"][element_id] = {
        "id": element_id,
        "type": "node-field",
        "parentId": root["id"],
        "data": data,
    }


def add_node(document: Any, node_id: str, node_type: str, *, version: str, **inputs: Any) -> Any:
    """Add an invocation node whose inputs have the given values; returns its `data`."""
    data = {
        "id": node_id,
        "version": version,
        "nodePack": "invokeai",
        "label": "",
        "notes": "",
        "type": node_type,
        "inputs": {name: {"name": name, "label": "", "description": "", "value": v} for name, v in inputs.items()},
        "isOpen": True,
        "isIntermediate": True,
        "useCache": True,
    }
    document["nodes"].append({"id": node_id, "type": "invocation", "data": data, "position": {"x": 0, "y": 0}})
    return data


def with_generator(settings: Any = None) -> Any:
    """Colour Card for each width of a generator, which is an input of the form called `widths`."""
    document = example("colour_card.json")
    document["name"] = "Counted"
    settings = settings or {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 64, "count": 4}
    feed(document, "integer", settings, node(document, "blank_image")["id"], "width", label="Widths")
    return document


def feed(document: Any, kind: str, settings: Any, node_id: str, field: str, *, label: str) -> None:
    """Show a generator at the end of the form; a batch node feeds its values to a field one by one."""
    values = f"{kind}s"
    made = add_node(document, "g", f"{kind}_generator", version="1.0.0", generator=settings)
    made["inputs"]["generator"]["label"] = label
    add_node(document, "b", f"{kind}_batch", version="1.0.0", batch_group_id="None", **{values: []})
    add_field(document, "g", "generator")
    add_edge(document, "g", values, "b", values)
    add_edge(document, "b", "image" if kind == "image" else "value", node_id, field)


def add_edge(document: Any, source: str, source_field: str, target: str, target_field: str) -> None:
    """Add a wire."""
    document["edges"].append(
        {
            "id": f"edge-{len(document['edges'])}",
            "type": "default",
            "source": source,
            "target": target,
            "sourceHandle": source_field,
            "targetHandle": target_field,
        }
    )
