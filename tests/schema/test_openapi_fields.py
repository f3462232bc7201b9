"""How a field of openapi.json is typed, limited and filled in: one test for each rule."""

from __future__ import annotations

import pytest

from invokable.schema import MISSING, FieldType, Limits, ModelFilter
from tests.schema.documents import (
    IMAGE_REF,
    LATENTS_REF,
    NULL,
    Json,
    field,
    openapi,
    read_input,
    read_node,
    read_output,
)


@pytest.mark.parametrize(
    ("schema", "spelt"),
    [
        pytest.param({"type": "integer"}, "IntegerField", id="integer"),
        pytest.param({"type": "number"}, "FloatField", id="number"),
        pytest.param({"type": "string"}, "StringField", id="string"),
        pytest.param({"type": "boolean"}, "BooleanField", id="boolean"),
        pytest.param(IMAGE_REF, "ImageField", id="reference"),
        pytest.param({"allOf": [IMAGE_REF]}, "ImageField", id="reference in allOf"),
        pytest.param({"type": "string", "enum": ["a", "b"]}, "EnumField", id="enum"),
        pytest.param({"type": "string", "const": "a"}, "EnumField", id="const"),
        pytest.param({"anyOf": [{"type": "integer"}, NULL]}, "IntegerField", id="nullable"),
        pytest.param({"anyOf": [IMAGE_REF, NULL]}, "ImageField", id="nullable reference"),
        pytest.param({"anyOf": [{"type": "string", "enum": ["a"]}, NULL]}, "EnumField", id="nullable enum"),
        pytest.param({"type": "array", "items": {"type": "integer"}}, "IntegerField[]", id="list of numbers"),
        pytest.param({"type": "array", "items": IMAGE_REF}, "ImageField[]", id="list of references"),
        pytest.param(
            {"anyOf": [{"type": "array", "items": IMAGE_REF}, NULL]},
            "ImageField[]",
            id="nullable list",
        ),
        pytest.param(
            {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]},
            "FloatField|[]",
            id="one or several",
        ),
        pytest.param(
            {"anyOf": [{"type": "array", "items": IMAGE_REF}, IMAGE_REF, NULL]},
            "ImageField|[]",
            id="several or one, nullable",
        ),
        pytest.param(
            {
                "anyOf": [
                    {"anyOf": [{"type": "array", "items": IMAGE_REF}, IMAGE_REF]},
                    NULL,
                ]
            },
            "ImageField|[]",
            id="union in a nullable union",
        ),
    ],
)
def test_type_is_read_from_the_schema(schema: Json, spelt: str) -> None:
    assert str(read_input(field(schema)).type) == spelt


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "object"}, id="object"),
        pytest.param({"type": "array", "items": {}}, id="list of anything"),
        pytest.param({"type": "array"}, id="list without items"),
        pytest.param({"type": "array", "items": {"type": "object"}}, id="list of objects"),
        pytest.param({"anyOf": [{"type": "integer"}, {"type": "string"}]}, id="union of two types"),
        pytest.param({"anyOf": [{"type": "integer"}, IMAGE_REF, LATENTS_REF]}, id="union of three"),
        pytest.param({"anyOf": [IMAGE_REF, {"type": "array", "items": LATENTS_REF}]}, id="one or other ones"),
        pytest.param({"enum": ["a", 1]}, id="enum without a type"),
        pytest.param({"type": "string", "enum": []}, id="enum without choices"),
        pytest.param({"allOf": []}, id="empty allOf"),
        pytest.param({"type": ["integer", "null"]}, id="list of types"),
        pytest.param({}, id="nothing"),
    ],
)
def test_field_of_a_type_that_the_editor_cannot_read_is_left_out(schema: Json) -> None:
    node = read_node(openapi({"odd": field(schema), "even": field({"type": "integer"})}))

    assert list(node.inputs) == ["even"]


def test_union_nested_beyond_reason_is_left_out() -> None:
    schema: Json = {"type": "integer"}
    for _ in range(50):
        schema = {"anyOf": [schema]}

    assert "odd" not in read_node(openapi({"odd": field(schema)})).inputs


def test_ui_type_overrides_and_keeps_the_original_of_a_stateful_type() -> None:
    template = read_input(field({"type": "string", "enum": ["euler", "lcm"], "ui_type": "SchedulerField"}))

    assert template.type == FieldType("SchedulerField", original=FieldType("EnumField"))


def test_ui_type_of_a_stateless_type_keeps_no_original() -> None:
    template = read_input(field({"type": "integer", "ui_type": "AnyField"}))

    assert template.type == FieldType("AnyField")


def test_ui_type_types_a_field_that_has_no_readable_type() -> None:
    template = read_input(field({"type": "array", "items": {}, "ui_type": "CollectionField"}))

    assert template.type == FieldType("CollectionField", "COLLECTION")


@pytest.mark.parametrize(
    ("ui_type", "models"),
    [
        pytest.param("VAEModelField", ModelFilter(type=("vae",)), id="by type"),
        pytest.param("SDXLMainModelField", ModelFilter(base=("sdxl",), type=("main",)), id="by base and type"),
        pytest.param(
            "CLIPGEmbedModelField",
            ModelFilter(type=("clip_embed",), variant=("gigantic",)),
            id="by type and variant",
        ),
    ],
)
def test_model_types_of_old_servers_are_filters(ui_type: str, models: ModelFilter) -> None:
    template = read_input(field({"$ref": "#/components/schemas/ModelIdentifierField", "ui_type": ui_type}))

    assert (template.type, template.models) == (FieldType("ModelIdentifierField"), models)


def test_model_filter_is_read() -> None:
    template = read_input(
        field(
            {"$ref": "#/components/schemas/ModelIdentifierField"},
            ui_model_base=["flux", "flux2"],
            ui_model_type=["main"],
            ui_model_variant=["dev"],
            ui_model_format=["diffusers"],
        )
    )

    assert template.models == ModelFilter(("flux", "flux2"), ("main",), ("dev",), ("diffusers",))


@pytest.mark.parametrize(
    ("node_type", "name", "batch"),
    [
        ("integer_batch", "integers", True),
        ("integer_batch", "batch_group_id", False),
        ("tint", "integers", False),
    ],
)
def test_only_the_collection_of_a_batch_node_is_a_batch_input(node_type: str, name: str, batch: bool) -> None:
    schema = field({"type": "array", "items": {"type": "integer"}})

    assert read_input(schema, name=name, node_type=node_type).type.batch is batch


@pytest.mark.parametrize(("node_type", "batch"), [("float_generator", True), ("tint", False)])
def test_only_the_collection_of_a_generator_is_a_batch_output(node_type: str, batch: bool) -> None:
    schema: Json = {"type": "array", "items": {"type": "number"}}

    assert read_output(schema, name="floats", node_type=node_type).type.batch is batch


def test_stateless_field_takes_edges_only_and_has_no_default() -> None:
    template = read_input(field(LATENTS_REF, default={"latents_name": "x"}))

    assert (template.input, template.default) == ("connection", MISSING)


@pytest.mark.parametrize("connects", ["any", "direct", "connection"])
def test_stateful_field_connects_as_the_schema_says(connects: str) -> None:
    assert read_input(field({"type": "integer"}, input=connects)).input == connects


def test_field_that_does_not_say_how_it_connects_takes_anything() -> None:
    assert read_input({"field_kind": "input", "type": "integer"}).input == "any"


@pytest.mark.parametrize(
    ("schema", "default"),
    [
        pytest.param({"type": "integer"}, 0, id="integer"),
        pytest.param({"type": "number"}, 0, id="float"),
        pytest.param({"type": "string"}, "", id="string"),
        pytest.param({"type": "boolean"}, False, id="boolean"),
        pytest.param({"type": "string", "enum": ["b", "a"]}, "b", id="first choice"),
        pytest.param(
            {"type": "string", "enum": ["lcm"], "ui_type": "SchedulerField"},
            "dpmpp_3m_k",
            id="scheduler",
        ),
        pytest.param({"$ref": "#/c/BoardField"}, "auto", id="board"),
        pytest.param({"$ref": "#/c/ColorField"}, {"r": 127, "g": 127, "b": 127, "a": 255}, id="color"),
        pytest.param({"type": "array", "items": {"$ref": "#/c/LoRAField"}}, [], id="LoRAs"),
        pytest.param({"$ref": "#/c/ImageField"}, MISSING, id="image"),
        pytest.param({"$ref": "#/c/ModelIdentifierField"}, MISSING, id="model"),
        pytest.param({"type": "array", "items": {"type": "integer"}}, MISSING, id="collection"),
        pytest.param(
            {"type": "array", "items": {"type": "integer"}, "orig_required": True},
            [],
            id="required collection",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "boolean"}, "orig_required": True},
            False,
            id="collection of booleans, for which the editor has no input of its own",
        ),
    ],
)
def test_default_without_one_in_the_schema(schema: Json, default: object) -> None:
    found = read_input(field(schema)).default

    assert (found, type(found)) == (default, type(default))


@pytest.mark.parametrize("default", [7, 0, -1])
def test_default_of_the_schema_wins(default: int) -> None:
    assert read_input(field({"type": "integer"}, default=default)).default == default


def test_null_default_counts_as_none() -> None:
    schema = field({"anyOf": [{"type": "integer"}, NULL]}, default=None)

    assert read_input(schema).default == 0


def test_defaults_of_two_fields_are_separate_objects() -> None:
    color = field({"$ref": "#/c/ColorField"})
    node = read_node(openapi({"ink": color, "paper": color}))

    assert node.inputs["ink"].default == node.inputs["paper"].default
    assert node.inputs["ink"].default is not node.inputs["paper"].default


@pytest.mark.parametrize(
    ("schema", "limits"),
    [
        pytest.param(
            {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
            Limits(minimum=1, maximum=9, multiple_of=2),
            id="of a number",
        ),
        pytest.param(
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
            Limits(exclusive_minimum=0, exclusive_maximum=0.5),
            id="exclusive",
        ),
        pytest.param(
            {"type": "string", "minLength": 1, "maxLength": 80},
            Limits(min_length=1, max_length=80),
            id="of a text's length",
        ),
        pytest.param(
            {"anyOf": [{"type": "integer", "minimum": 8}, NULL]},
            Limits(minimum=8),
            id="of a nullable number",
        ),
        pytest.param(
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 5,
                "items": {"type": "number", "maximum": 2},
            },
            Limits(min_items=1, max_items=5, item=Limits(maximum=2)),
            id="of a list and its items",
        ),
        pytest.param(
            {
                "anyOf": [
                    {"type": "number", "minimum": 0},
                    {"type": "array", "items": {"type": "number"}, "maxItems": 4},
                ]
            },
            Limits(minimum=0, max_items=4),
            id="of one or several",
        ),
        pytest.param(
            {
                "anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}],
                "ge": -1,
                "le": 2,
            },
            Limits(minimum=-1, maximum=2),
            id="put on a union as a whole",
        ),
        pytest.param(
            {
                "anyOf": [
                    {
                        "anyOf": [{"type": "array", "items": IMAGE_REF}, IMAGE_REF],
                        "maxLength": 3,
                    },
                    NULL,
                ]
            },
            Limits(max_items=3),
            id="length put on one or several images",
        ),
    ],
)
def test_limits_are_those_that_the_server_enforces(schema: Json, limits: Limits) -> None:
    assert read_input(field(schema)).limits == limits


def test_integral_limits_are_integers() -> None:
    maximum = read_input(field({"type": "number", "maximum": 1.0})).limits.maximum

    assert isinstance(maximum, int)


@pytest.mark.parametrize(
    ("schema", "options"),
    [
        pytest.param({"type": "string", "enum": ["b", "a"]}, ("b", "a"), id="enum"),
        pytest.param({"type": "integer", "enum": [1, 2]}, (1, 2), id="numbers"),
        pytest.param({"type": "number", "enum": [0.5, 1.0]}, (0.5, 1.0), id="fractions"),
        pytest.param({"type": "string", "enum": ["a", None]}, ("a",), id="null among the choices"),
        pytest.param({"type": "string", "const": "only"}, ("only",), id="const"),
        pytest.param({"anyOf": [{"type": "string", "enum": ["x"]}, NULL]}, ("x",), id="nullable enum"),
        pytest.param(
            {"type": "string", "enum": ["ddim"], "ui_type": "SchedulerField"},
            ("ddim",),
            id="scheduler",
        ),
        pytest.param({"type": "string"}, (), id="none"),
    ],
)
def test_options_come_in_schema_order(schema: Json, options: tuple[object, ...]) -> None:
    assert read_input(field(schema)).options == options


def test_choice_labels_are_read() -> None:
    schema = field({"type": "string", "enum": ["a"]}, ui_choice_labels={"a": "Aquarelle"})

    assert read_input(schema).choice_labels == {"a": "Aquarelle"}


@pytest.mark.parametrize(
    ("schema", "required", "nullable"),
    [
        pytest.param({"type": "integer"}, False, False, id="optional"),
        pytest.param({"type": "integer", "orig_required": True}, True, False, id="required"),
        pytest.param({"anyOf": [{"type": "integer"}, NULL]}, False, True, id="nullable"),
        pytest.param({"type": "string", "enum": ["a", None]}, False, True, id="null among the choices"),
        pytest.param(
            {"anyOf": [{"type": "integer"}, NULL], "orig_required": True},
            True,
            False,
            id="null stands for an edge that is to come",
        ),
    ],
)
def test_required_and_nullable(schema: Json, required: bool, nullable: bool) -> None:
    template = read_input(field(schema))

    assert (template.required, template.nullable) == (required, nullable)


@pytest.mark.parametrize(
    ("name", "schema", "title"),
    [
        ("cfg_scale", {"title": "CFG"}, "CFG"),
        ("cfg_scale", {"title": ""}, ""),
        ("cfg_scale", {}, "Cfg Scale"),
        ("clip2_embed", {}, "Clip 2 Embed"),
        ("useSDXLPrompt", {}, "Use SDXL Prompt"),
        ("T5", {}, "T 5"),
    ],
)
def test_title_is_the_schemas_or_the_name_in_start_case(name: str, schema: Json, title: str) -> None:
    assert read_input(field({"type": "integer", **schema}), name=name).title == title
    assert read_output({"type": "integer", **schema}, name=name).title == title


def test_hidden_flag_and_prose_are_read() -> None:
    template = read_input(field({"type": "integer"}, ui_hidden=True, description="How deep."))

    assert (template.ui_hidden, template.description) == (True, "How deep.")
