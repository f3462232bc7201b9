"""Mutate workflows, generate their modules, and check the promise that every module that is written works.

python -m tests.codegen.fuzz [COUNT [SEED]]     tries that many mutations and prints what broke

The generator raises only its documented errors; a module that is written can be imported; the runtime accepts every
default; an instance can be created once its required inputs are set.
"""

from __future__ import annotations

import copy
import json
import math
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import MISSING as REQUIRED
from dataclasses import fields
from types import ModuleType
from typing import Any

from invokable.codegen import GeneratedModule, Options, generate_module
from invokable.codegen.plan import PlannedInput
from invokable.contract.limits import Limits
from invokable.runtime import Color, LoRA, Model, StylePreset
from invokable.schema import Schema, load
from invokable.schema.model import InputTemplate
from invokable.workflow import WorkflowFileError, read_document
from tests.examples import SHARED, WORKFLOWS, with_generator, workflow_class

SCHEMA = load("6.14.2")

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 7, 2.5, -0.0, 1e300, 5e-324, 10**30, 2**53, 999),
    *(
        "",
        " ",
        "x",
        "a b",
        "1",
        "auto",
        "none",
        "Ünïcode",
        "\u202e",
        "class",
        "x" * 300,
        "1.0.0",
        "4.0.0",
        "[1]",
        '"""',
    ),
    *([], [1], ["a"], [None], [[1]], {}, {"a b": 1}, {"type": "x"}, {"r": 999, "g": 0, "b": 0, "a": 1}),
    {"key": "", "hash": "", "name": "", "base": "", "type": ""},
    {"key": "k", "hash": "h", "name": "n", "base": "sd-1", "type": "main"},
    {"image_name": ""},
    {"board_id": "b"},
    [{"lora": {"key": "k", "hash": "h", "name": "n", "base": "sd-1", "type": "lora"}, "weight": "x"}],
    {"type": "integer_generator_arithmetic_sequence", "start": "x", "step": 1, "count": 3},
    {"type": "integer_generator_arithmetic_sequence", "start": 1, "step": 1, "count": 10**9},
    {"type": "float_generator_linear_distribution", "start": 1e308, "end": -1e308, "count": 3},
    {"type": "string_generator_parse_string", "input": "a,b", "splitOn": ",", "a b": 1},
]
"""Values that are wrong almost everywhere."""

LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "min", "max")


RICH = frozenset(
    {"value", "default", "label", "description", "title", "settings", "options", "version", "required", "cardinality"}
    | {"start", "step", "count", "values", "input", "content", "fieldName", "weight", *LIMITS}
)
"""Keys whose values rarely make the whole file unreadable when changed."""


def documents() -> list[Any]:
    """The workflows to mutate."""
    paths = [*sorted(WORKFLOWS.glob("*.json")), *sorted((SHARED / "corpus").glob("*/workflow.json"))]
    found = [with_generator(), with_dynamic_inputs()]
    for path in paths:
        try:
            found.append(read_document(path.read_bytes()))
        except WorkflowFileError:
            continue
    return found


def with_dynamic_inputs() -> Any:
    """A workflow that calls another one, whose fields have their own templates: the best place for unusual limits."""
    from tests.workflow.builders import form, node, workflow

    call = node("call", "call_saved_workflow", workflow_id="w")
    kinds = [
        "IntegerField",
        "FloatField",
        "StringField",
        "ColorField",
        "ModelIdentifierField",
        "EnumField",
        "BoardField",
    ]
    kinds += ["IntegerGeneratorField", "FloatGeneratorField", "StringGeneratorField", "ImageField", "LoRAField"]
    call["data"]["dynamicInputTemplates"] = {}
    for kind in kinds:
        name = f"saved_workflow_input::n::{kind}"
        call["data"]["dynamicInputTemplates"][name] = {
            "name": name,
            "title": kind,
            "type": {"name": kind, "cardinality": "SINGLE", "batch": False},
            "input": "any",
            "required": False,
            "default": 5 if kind == "IntegerField" else "",
            "options": ["a", "b"],
            "minimum": 1,
            "maximum": 100,
            "multipleOf": 1,
            "ui_hidden": False,
        }
        call["data"]["inputs"][name] = {"name": name, "label": "", "description": ""}
    names = list(call["data"]["dynamicInputTemplates"])
    shown = [
        {"type": "node-field", "data": {"fieldIdentifier": {"nodeId": "call", "fieldName": name}}} for name in names
    ]
    return workflow(call, form=form(*shown))


def mutated(document: Any, rng: random.Random) -> Any:
    """A copy with a few values replaced, removed, copied from elsewhere, or put under another name."""
    document = copy.deepcopy(document)
    for _ in range(rng.randint(1, 4)):
        places = list(_places(document))
        if not places:
            break
        rich = [place for place in places if place[1] in RICH]
        parent, key = rng.choice(rich if rich and rng.random() < 0.75 else places)
        match rng.randrange(6):
            case 0 | 1:
                parent[key] = copy.deepcopy(rng.choice(ODD))
            case 2:
                del parent[key]
            case 3:
                other, name = rng.choice(places)
                if _has(other, name):
                    parent[key] = copy.deepcopy(other[name])
            case 4 if isinstance(parent, dict):
                parent[rng.choice([*LIMITS, "value", "default", "label", "type", "options", "settings"])] = (
                    copy.deepcopy(rng.choice(ODD))
                )
            case _ if isinstance(parent, dict):
                parent[str(rng.choice(ODD))] = parent.pop(key)
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    stack = [value]
    while stack:
        found = stack.pop()
        keys = list(found) if isinstance(found, dict) else range(len(found)) if isinstance(found, list) else ()
        for key in keys:
            yield found, key
            stack.append(found[key])


def _has(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else key < len(container)


def attempt(document: Any, schema: Schema = SCHEMA) -> str:
    """The outcome for a workflow: `refused` or `written`. Raises whatever breaks the promise."""
    try:
        document = read_document(json.dumps(document).encode())
        written = generate_module(document, schema, source="mutated.json", options=Options(lenient=True))
    except WorkflowFileError as error:
        return "refused" if error.message else "refused without a reason"
    check_instance(written)
    return "written"


def check_instance(written: GeneratedModule) -> Any:
    """Import a module, and return an instance with its required inputs set."""
    module = ModuleType("mutated")
    sys.modules["mutated"] = module
    exec(compile(written.text, "mutated.py", "exec"), module.__dict__)
    flow_class = workflow_class(module)
    required = {f.name for f in fields(flow_class) if f.default is REQUIRED and f.default_factory is REQUIRED}
    planned = {p.attribute: p for p in written.plan.inputs}
    assert required == {name for name, p in planned.items() if p.type.default is None}
    flow = flow_class(**{name: given(planned[name]) for name in required})
    assert flow_class.from_dict(flow.to_dict()) == flow
    return flow


def given(planned: PlannedInput) -> Any:
    """The simplest valid value for a required input."""
    template, limits = planned.item.template, planned.type.limits
    if planned.type.choices:
        item: Any = planned.type.choices[0]
    elif template.type.name in ("IntegerField", "FloatField"):
        numeric = limits if template.type.cardinality == "SINGLE" else (limits.item or limits)
        item = within(numeric, whole=template.type.name == "IntegerField")
    elif template.type.name in ("StringField", "EnumField", "SchedulerField", "SavedWorkflowField"):
        sizes = limits if template.type.cardinality == "SINGLE" else (limits.item or Limits())
        item = "x" * (sizes.min_length or 0)
    else:
        item = _SIMPLE.get(template.type.name, dict)()
    return [item] * (limits.min_items or 0) if _is_list(template) else item


def _is_list(template: InputTemplate) -> bool:
    return template.type.cardinality == "COLLECTION"


def within(limits: Limits, *, whole: bool) -> float:
    """A number within limits, found by trying values near their ends."""
    step = limits.multiple_of or (1 if whole else 0.5)
    ends = [
        bound
        for bound in (limits.minimum, limits.maximum, limits.exclusive_minimum, limits.exclusive_maximum)
        if bound is not None
    ]
    tried = [0, *ends, *((int(end // step) + more) * step for end in ends for more in range(-2, 3))]
    if not whole:
        tried += [(ends[0] + ends[-1]) / 2] if ends else []
        tried += [math.nextafter(end, direction) for end in ends for direction in (-math.inf, math.inf)]
    return next(
        number for number in tried if not limits.misfit_of_number(number) and (not whole or isinstance(number, int))
    )


_SIMPLE: dict[str, Callable[[], Any]] = {
    "BoardField": lambda: "none",
    "BooleanField": lambda: True,
    "ColorField": lambda: Color(r=1, g=2, b=3),
    "FloatGeneratorField": lambda: {
        "type": "float_generator_arithmetic_sequence",
        "start": 0,
        "step": 1,
        "count": 1,
    },
    "ImageField": lambda: "a.png",
    "ImageGeneratorField": lambda: {"type": "image_generator_images_from_board", "category": "images"},
    "IntegerGeneratorField": lambda: {
        "type": "integer_generator_arithmetic_sequence",
        "start": 0,
        "step": 1,
        "count": 1,
    },
    "LoRAField": lambda: LoRA("l"),
    "ModelIdentifierField": lambda: Model(name="m"),
    "StringGeneratorField": lambda: {"type": "string_generator_parse_string", "input": "a", "splitOn": ","},
    "StylePresetField": lambda: StylePreset("s"),
    "VideoField": lambda: "a.mp4",
}


def run(count: int, seed: int, seeds: list[Any]) -> dict[str, int]:
    """Try mutations, and print each that breaks the promise, once per kind of failure."""
    rng = random.Random(seed)
    outcomes = {"written": 0, "refused": 0, "broken": 0}
    seen: set[str] = set()
    for number in range(count):
        document = mutated(rng.choice(seeds), rng)
        try:
            outcomes[attempt(document)] += 1
        except Exception as error:
            outcomes["broken"] += 1
            frame = traceback.extract_tb(error.__traceback__)[-1]
            if (kind := f"{type(error).__name__} {frame.filename}:{frame.lineno}") not in seen:
                seen.add(kind)
                print(f"--- mutation {number}: {kind}: {error}"[:600])
                with open(f"/tmp/fuzz-{len(seen)}.json", "w", encoding="utf-8") as file:
                    json.dump(document, file)
    return outcomes


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    print(run(arguments[0] if arguments else 1_000, arguments[1] if len(arguments) > 1 else 0, documents()))
