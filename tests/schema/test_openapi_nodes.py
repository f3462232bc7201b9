"""Node types from openapi.json, and invalid documents."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.schema import Schema, SchemaError, parse_openapi
from tests.effort import tries
from tests.schema.documents import IMAGE_REF, NULL, Json, field, openapi, read_node


def test_node_facts_are_read() -> None:
    node = read_node(openapi())

    assert (node.type, node.title, node.version) == ("tint", "Tint", "1.2.3")
    assert (node.node_pack, node.category, node.classification) == ("watercolours", "paint", "beta")
    assert (node.output_type, node.use_cache) == ("tint_output", False)


def test_node_facts_that_a_node_pack_may_leave_out() -> None:
    node = read_node(openapi(title=None, node_pack=None, category=None, classification=None, version="2.0.0"))

    assert (node.title, node.version, node.category) == ("tint", "2.0.0", "other")
    assert (node.node_pack, node.classification) == ("invokeai", "stable")


def test_fields_keep_the_order_of_the_schema() -> None:
    number = field({"type": "integer"})
    node = read_node(
        openapi(
            {"zinc": number, "amber": number, "mauve": number},
            {
                "width": {"field_kind": "output", "type": "integer"},
                "image": {"field_kind": "output", **IMAGE_REF},
            },
        )
    )

    assert list(node.inputs) == ["zinc", "amber", "mauve"]
    assert list(node.outputs) == ["width", "image"]


def test_an_output_may_be_null() -> None:
    text = {"field_kind": "output", "type": "string"}
    maybe = {"field_kind": "output", "anyOf": [{"type": "string"}, NULL]}
    outputs = read_node(openapi({}, {"text": text, "maybe": maybe})).outputs
    assert {name: (str(output.type), output.nullable) for name, output in outputs.items()} == {
        "text": ("StringField", False),
        "maybe": ("StringField", True),
    }


def test_members_that_are_not_fields_are_left_out() -> None:
    node = read_node(
        openapi({"plain": {"type": "integer"}}, {"plain": {"type": "integer"}}),
    )

    assert (dict(node.inputs), dict(node.outputs)) == ({}, {})


def test_the_index_of_an_iterate_node_is_not_an_input() -> None:
    number = field({"type": "integer"})

    assert "index" not in read_node(openapi({"index": number}, node_type="iterate")).inputs
    assert "index" in read_node(openapi({"index": number}, node_type="tint")).inputs


@pytest.mark.parametrize("hidden", ["graph", "linear_ui_output"])
def test_nodes_that_the_editor_hides_are_left_out(hidden: str) -> None:
    document = openapi()
    schemas = document["components"]["schemas"]
    schemas["Hidden"] = openapi(node_type=hidden)["components"]["schemas"]["TintInvocation"]

    assert list(parse_openapi(document, origin="test").nodes) == ["tint"]


def test_model_vocabulary_is_read() -> None:
    schema = parse_openapi(openapi(), origin="test")

    assert schema.model_bases == {"sd-1", "sdxl"}
    assert schema.model_types == {"main", "vae"}
    assert schema.submodel_types == {"unet"}


def test_schema_has_its_version_and_origin() -> None:
    schema = parse_openapi(openapi(), origin="http://localhost:9090", version="6.14.2")

    assert (schema.version, schema.origin) == ("6.14.2", "http://localhost:9090")
    assert parse_openapi(openapi() | {"info": {"version": "6.15.0"}}, origin="x").version == "6.15.0"
    assert parse_openapi(openapi(), origin="x").version == "unknown"  # 1.0.0 is the API's


def _with_input(schema: Any) -> Json:
    return openapi({"shade": schema})


_SHADE = "/components/schemas/TintInvocation/properties/shade"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param([], "the document should be an object, not a list", id="a list"),
        pytest.param(None, "the document should be an object, not null", id="null"),
        pytest.param({}, "not an openapi.json: it has no components.schemas", id="empty"),
        pytest.param({"components": []}, "/components should be an object, not a list", id="list"),
        pytest.param(
            {"components": {"schemas": {"Pet": {"type": "object"}}}},
            "no node types among components.schemas: not InvokeAI's openapi.json",
            id="someone else's openapi.json",
        ),
        pytest.param(
            openapi(properties="none"),
            "/components/schemas/TintInvocation/properties should be an object, not text",
            id="properties are text",
        ),
        pytest.param(
            openapi(properties=None),
            '/components/schemas/TintInvocation has no "properties"',
            id="no properties",
        ),
        pytest.param(
            openapi(properties={}),
            '/components/schemas/TintInvocation/properties has no "type" with a default',
            id="no type",
        ),
        pytest.param(
            openapi(version=3),  # type: ignore[arg-type]
            "/components/schemas/TintInvocation/version should be text, not a number",
            id="version is a number",
        ),
        pytest.param(
            openapi(output={"$ref": "#/components/schemas/Nowhere"}),
            '/components/schemas/TintInvocation has no "output" that names a schema of the document',
            id="dangling output",
        ),
        pytest.param(_with_input(3), f"{_SHADE} should be an object, not a number", id="field"),
        pytest.param(
            _with_input(field({"type": "integer", "minimum": "1"})),
            f"{_SHADE}/minimum should be a number, not text",
            id="limit is text",
        ),
        pytest.param(
            _with_input(field({"type": "integer", "minimum": True})),
            f"{_SHADE}/minimum should be a number, not a boolean",
            id="limit is a boolean",
        ),
        pytest.param(
            _with_input(field({"type": "integer", "maximum": math.inf})),
            f"{_SHADE}/maximum should be a finite number",
            id="limit is infinite",
        ),
        pytest.param(
            _with_input(field({"type": "integer", "maximum": 10**400})),
            f"{_SHADE}/maximum should be a finite number",
            id="limit is beyond a double",
        ),
        pytest.param(
            _with_input(field({"type": "string", "maxLength": -1})),
            f"{_SHADE}/maxLength should be a non-negative integer",
            id="length is negative",
        ),
        pytest.param(
            _with_input(field({"type": "number"}, default=math.nan)),
            f"{_SHADE}/default should be a finite number",
            id="default is no number",
        ),
        pytest.param(
            _with_input(field({"type": "string", "enum": [["a"]]})),
            f"{_SHADE}/enum/0 should be text, a number or a boolean, not a list",
            id="choice is a list",
        ),
        pytest.param(
            _with_input(field({"type": "integer"}, input="telepathy")),
            f'{_SHADE} has an "input" other than any, direct and connection',
            id="unknown way to connect",
        ),
        pytest.param(
            _with_input(field({"anyOf": {"type": "integer"}})),
            f"{_SHADE}/anyOf should be a list, not an object",
            id="union is an object",
        ),
        pytest.param(
            _with_input(field({"type": "integer"}, ui_hidden="yes")),
            f"{_SHADE}/ui_hidden should be a boolean, not text",
            id="flag is text",
        ),
        pytest.param(
            openapi({"a/b\n~": 1}),
            "/components/schemas/TintInvocation/properties/a~1b\\n~0 should be an object, not a number",
            id="hostile name",
        ),
        pytest.param(
            {"components": {"schemas": {7: {}}}},
            "/components/schemas has a key that is not text",
            id="name is a number",
        ),
    ],
)
def test_document_that_cannot_be_read_is_refused_in_one_line(document: Any, complaint: str) -> None:
    with pytest.raises(SchemaError) as refusal:
        parse_openapi(document, origin="test")

    assert refusal.value.message == str(refusal.value) == complaint


def test_default_nested_beyond_reason_is_refused() -> None:
    default: list[Any] = []
    for _ in range(5000):
        default = [default]

    with pytest.raises(SchemaError, match="nested too deeply"):
        parse_openapi(_with_input(field({"type": "integer"}, default=default)), origin="test")


_TYPICAL: Json = openapi(
    {
        "shade": field({"type": "integer", "minimum": 1, "enum": [1, 2]}),
        "tones": field(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "number"}, "maxItems": 3},
                    {"type": "number"},
                    NULL,
                ]
            },
            default=None,
            ui_choice_labels={"a": "A"},
        ),
        "image": field({"allOf": [IMAGE_REF]}, ui_model_base=["flux"], ui_type="ImageField"),
    },
    {"image": {"field_kind": "output", **IMAGE_REF}},
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "$ref", "anyOf", "allOf", "items", "enum", "default", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    places = [(value, key) for key, _ in members]
    for container, key in list(places):
        if isinstance(container[key], dict | list):
            places += _places(container[key])
    return places


@settings(max_examples=tries(300))
@given(st.data())
def test_mutated_document_is_read_or_refused_but_never_crashes(data: st.DataObject) -> None:
    document = copy.deepcopy(_TYPICAL)
    for _ in range(data.draw(st.integers(1, 3), label="mutations")):
        container, key = data.draw(st.sampled_from(_places(document)), label="place")
        if data.draw(st.booleans(), label="remove"):
            del container[key]
        else:
            container[key] = data.draw(_JSON, label="value")
        if not document:
            break

    outcome = _read_or_refuse(document)

    if isinstance(outcome, Schema):
        assert outcome.nodes
    else:
        assert len(outcome.message.splitlines()) == 1


def _read_or_refuse(document: Json) -> Schema | SchemaError:
    try:
        return parse_openapi(document, origin="fuzz")
    except SchemaError as refusal:
        return refusal
