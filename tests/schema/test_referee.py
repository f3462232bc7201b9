"""The schema against InvokeAI's own editor. Its parsed templates are not part of the repository."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from invokable.schema import MISSING, FieldType, InputTemplate, NodeTemplate, Schema
from invokable.schema.build import pack, read_openapi
from tests.examples import SHARED

_OPENAPI = SHARED / "openapi"
_TEMPLATES = SHARED / "corpus" / "_templates-6.14.2.json.gz"
_SHIPPED = SHARED / "corpus" / "shipped-expected.json"

pytestmark = pytest.mark.skipif(
    not (_TEMPLATES.exists() and _OPENAPI.exists()),
    reason="needs the editor's parsed templates in ../shared",
)

_LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_items",
    "maxItems": "max_items",
}


@pytest.fixture(scope="module")
def editor() -> dict[str, Any]:
    """The editor's templates by node type."""
    templates: dict[str, Any] = json.loads(gzip.decompress(_TEMPLATES.read_bytes()))
    return templates


@pytest.fixture(scope="module")
def schema() -> Schema:
    """Our templates from the same openapi.json."""
    return read_openapi(str(_OPENAPI / "6.14.2.json.gz"))


def _type(field_type: FieldType) -> dict[str, Any]:
    spelt: dict[str, Any] = {
        "name": field_type.name,
        "cardinality": field_type.cardinality,
        "batch": field_type.batch,
    }
    if field_type.original:
        spelt["originalType"] = _type(field_type.original)
    return spelt


def _node_facts(node: NodeTemplate) -> dict[str, Any]:
    return {
        "type": node.type,
        "title": node.title,
        "version": node.version,
        "outputType": node.output_type,
        "useCache": node.use_cache,
        "nodePack": node.node_pack,
        "category": node.category,
        "classification": node.classification,
    }


def _input_facts(field: InputTemplate) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "name": field.name,
        "title": field.title,
        "description": field.description,
        "type": _type(field.type),
        "input": field.input,
        "required": field.required,
    }
    if field.default is not MISSING:
        facts["default"] = field.default
    # The editor keeps the schedulers in a list of its own.
    if field.options and field.type.name != "SchedulerField":
        facts["options"] = list(field.options)
    if field.choice_labels:
        facts["ui_choice_labels"] = dict(field.choice_labels)
    for name in ("base", "type", "variant", "format"):
        if values := getattr(field.models, name):
            facts[f"ui_model_{name}"] = list(values)
    return facts


def _editor_facts(template: dict[str, Any]) -> dict[str, Any]:
    ignored = {*_LIMITS, *("fieldKind", "ui_hidden", "ui_order", "ui_component", "ui_type")}
    ignored.add("ui_model_provider_id")
    return {name: value for name, value in template.items() if name not in ignored}


def _same(ours: object, theirs: object) -> bool:
    """Compare as JSON, where 1 is 1.0 but false is not 0."""
    return ours == theirs and _shape(ours) == _shape(theirs)


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return isinstance(value, bool)


def test_node_types_and_their_order(schema: Schema, editor: dict[str, Any]) -> None:
    assert list(schema.nodes) == list(editor)


def test_node_facts(schema: Schema, editor: dict[str, Any]) -> None:
    differing = [
        name
        for name, node in schema.nodes.items()
        if any(editor[name][key] != value for key, value in _node_facts(node).items())
    ]

    assert differing == []


def test_inputs(schema: Schema, editor: dict[str, Any]) -> None:
    for name, node in schema.nodes.items():
        theirs = editor[name]["inputs"]
        assert list(node.inputs) == list(theirs), name
        for field in node.inputs.values():
            ours = _input_facts(field)
            assert _same(ours, _editor_facts(theirs[field.name])), (name, field.name)
            assert field.ui_hidden == theirs[field.name].get("ui_hidden", False)


def test_outputs(schema: Schema, editor: dict[str, Any]) -> None:
    for name, node in schema.nodes.items():
        theirs = editor[name]["outputs"]
        assert list(node.outputs) == list(theirs), name
        for output in node.outputs.values():
            facts = {"title": output.title, "type": _type(output.type)}
            assert facts == {key: theirs[output.name][key] for key in facts}, (name, output.name)


def test_limits_of_the_editor_are_among_ours(schema: Schema, editor: dict[str, Any]) -> None:
    compared = 0
    for name, node in schema.nodes.items():
        for field in node.inputs.values():
            template = editor[name]["inputs"][field.name]
            for theirs, ours in _LIMITS.items():
                if theirs in template:
                    assert getattr(field.limits, ours) == template[theirs], (name, field.name)
                    compared += 1

    assert compared > 300


def test_limits_and_choices_of_the_shipped_workflows_forms(schema: Schema) -> None:
    expected = json.loads(_SHIPPED.read_bytes())["workflows"]
    folders = {e["slug"]: _SHIPPED.parent / e["slug"] for e in expected}
    present = [e for e in expected if folders[e["slug"]].exists()]

    counts = {e["slug"]: _form_counts(schema, folders[e["slug"]]) for e in present}

    assert counts == {e["slug"]: (e["limits"], e["enums"]) for e in present}
    assert sum(limits for limits, _ in counts.values()) > 0


def _form_counts(schema: Schema, folder: Path) -> tuple[int, int]:
    workflow = json.loads((folder / "workflow.json").read_bytes())
    types = {node["id"]: node["data"].get("type") for node in workflow["nodes"]}
    form = json.loads((folder / "form_order.json").read_bytes())
    shown = [(types[element["nodeId"]], element["fieldName"]) for element in form]
    fields = [
        schema.nodes[node].inputs[name]
        for node, name in shown
        if node in schema.nodes and name in schema.nodes[node].inputs
    ]
    limits = sum(bool(field.limits) for field in fields)
    return limits, sum(field.type.name == "EnumField" for field in fields)


@pytest.mark.slow
def test_bundled_file_is_what_the_build_makes_of_the_openapi_documents() -> None:
    built = pack(read_openapi(str(path)) for path in _OPENAPI.glob("*.json.gz"))
    bundled = (files("invokable.schema") / "catalogue.json.gz").read_bytes()

    # Compared uncompressed: another zlib may compress the same text differently.
    assert json.loads(gzip.decompress(bundled)) == json.loads(gzip.decompress(built))
    assert len(bundled) < 40_000
