"""Types: each field type has its annotation, constraints and default, without guessing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NotRequired, get_args, get_type_hints, is_typeddict

import pytest

from invokable import runtime
from invokable.codegen.python import expression
from invokable.codegen.typing.annotations import result_type, type_of
from invokable.codegen.typing.inputs import input_type
from invokable.codegen.typing.words import choices_in_words
from invokable.contract.limit_words import range_in_words
from invokable.contract.model_words import models_in_words
from invokable.contract.models import ANY_MODEL
from invokable.contract.parsed import most_tokens, parse
from invokable.contract.settings import KINDS, GeneratorKind
from invokable.runtime.values import settings
from invokable.schema.model import MISSING, FieldType, InputTemplate, Limits, ModelFilter
from invokable.workflow.reading import FormInput


def field(
    name: str,
    value: object = MISSING,
    *,
    cardinality: Any = "SINGLE",
    minimum: float | None = None,
    maximum: float | None = None,
    options: tuple[tuple[str, str], ...] = (),
    choices: tuple[str | float, ...] = (),
    **template: Any,
) -> FormInput:
    return FormInput(
        index=0,
        aliases=(),
        node_id="n",
        field="f",
        label="F",
        user_label="",
        description="",
        node_type="node",
        node_label="",
        node_title="Node",
        template=InputTemplate(
            name="f", title="F", type=FieldType(name, cardinality), input="any", options=choices, **template
        ),
        minimum=minimum,
        maximum=maximum,
        options=options,
        connected=False,
        value=value,
        pointer="/nodes/0/data/inputs/f/value",
    )


@pytest.mark.parametrize(
    ("item", "annotation", "default"),
    [
        (field("IntegerField", 5), "int", "5"),
        (field("IntegerField", 5.0), "int", "5"),
        (field("FloatField", 7.5), "float", "7.5"),
        (field("FloatField", 7), "float", "7"),
        (field("StringField", 'a "b"'), "str", "'a \"b\"'"),
        (field("BooleanField", True), "bool", "True"),
        (field("EnumField", "b"), "str", '"b"'),
        (field("ImageField", {"image_name": "x.png"}), "ImageInput", 'Image("x.png")'),
        (field("VideoField", {"video_name": "x.mp4"}), "VideoInput", 'Video("x.mp4")'),
        (field("BoardField", "auto"), "BoardInput", '"auto"'),
        (field("BoardField", {"board_id": "b1"}), "BoardInput", 'Board(id="b1")'),
        (field("ColorField", {"r": 1, "g": 2, "b": 3, "a": 4}), "Color", "Color(r=1, g=2, b=3, a=4)"),
        (field("StylePresetField", {"style_preset_id": "s"}), "StylePreset", 'StylePreset("s")'),
        (field("SavedWorkflowField", "w1"), "str", '"w1"'),
        (field("UNetField"), "JsonValue", None),
        (field("int]; x"), "JsonValue", None),
        (field("IntegerField", [1, 2], cardinality="COLLECTION"), "list[int]", "[1, 2]"),
        (field("FloatField", 1.5, cardinality="SINGLE_OR_COLLECTION"), "float | list[float]", "1.5"),
        (
            field("ModelIdentifierField", {"key": "k", "hash": "h", "name": "n", "base": "sd-1", "type": "main"}),
            "ModelInput",
            'Model(name="n", base="sd-1", type="main", key="k", hash="h")',
        ),
        (
            field("LoRAField", [{"lora": {"key": "k", "name": "n"}, "weight": 0.5}], cardinality="COLLECTION"),
            "list[LoRA]",
            '[LoRA(Model(name="n", key="k"), weight=0.5)]',
        ),
    ],
    ids=lambda value: f"{value.template.type}" if isinstance(value, FormInput) else None,
)
def test_annotation_and_default(item: FormInput, annotation: str, default: str | None) -> None:
    typed = input_type(item)
    assert (str(typed.annotation), typed.default and str(typed.default), typed.unfit) == (annotation, default, "")


SETTINGS: list[tuple[str, dict[str, object]]] = [
    ("FloatGenerator", {"type": "float_generator_random_distribution_uniform", "min": 0, "max": 1, "count": 2}),
    ("IntegerGenerator", {"type": "integer_generator_linear_distribution", "start": 0, "end": 9, "count": 2}),
    ("StringGenerator", {"type": "string_generator_parse_string", "input": "a|b", "splitOn": "|"}),
    ("ImageGenerator", {"type": "image_generator_images_from_board", "category": "assets"}),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=[name for name, _ in SETTINGS])
def test_the_settings_of_a_generator_are_a_typed_dict(name: str, value: dict[str, object]) -> None:
    typed = input_type(field(f"{name}Field", value))
    assert str(typed.annotation) == name
    assert typed.default
    (used,) = typed.default.names
    assert str(typed.assigned) == f"field(default_factory=lambda: {typed.default})"
    assert eval(str(typed.default), {used: getattr(runtime, used)}) == value


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.class_name)
def test_the_typed_dict_of_a_generator_has_the_settings_of_the_contract(kind: GeneratorKind) -> None:
    shape = getattr(settings, kind.class_name)
    hints = get_type_hints(shape, include_extras=True)
    assert get_args(hints.pop("type")) == (kind.type,)
    assert hints.keys() == kind.settings.keys()
    python = {"number": float, "integer": int, "count": int, "text": str, "numbers": list[float], "id": str}
    for name, setting in kind.settings.items():
        wanted: Any = python.get(setting.type, Literal["images", "assets"])
        wanted = wanted | None if setting.nullable else wanted
        assert hints[name] == (NotRequired[wanted] if setting.default is None else wanted), name


def test_the_runtime_has_a_typed_dict_for_every_generator_and_no_other() -> None:
    shapes = {shape.__name__ for shape in vars(settings).values() if is_typeddict(shape)}
    assert shapes == {kind.class_name for kind in KINDS.values()}


def test_a_connected_field_needs_no_value() -> None:
    typed = input_type(replace(field("ImageField", required=True), connected=True))
    assert (typed.nullable, str(typed.default)) == (True, "None")
    assert str(input_type(replace(field("IntegerField", 3), connected=True)).default) == "3"


def test_a_default_s_names_are_all_imported() -> None:
    value = [{"lora": {"key": "k", "name": "n"}, "weight": 0.5}]
    assigned = input_type(field("LoRAField", value, cardinality="COLLECTION")).assigned
    assert assigned
    assert assigned.names == {"LoRA", "Model", "field"}


def test_choices_become_a_literal() -> None:
    item = field("EnumField", "b", choices=("a", "b"))
    typed = input_type(item)
    assert str(typed.annotation) == 'Literal["a", "b"]'
    assert str(typed.default) == '"b"'
    assert input_type(field("EnumField", "c", choices=("a", "b"))).unfit


@pytest.mark.parametrize(
    ("choices", "annotation", "constraints"),
    [
        ((0.5, 1.0), "float", ["OneOf(0.5, 1.0)"]),
        ((0.5, 2), "float", ["OneOf(0.5, 2)"]),
        (("auto", 1, 0.5, True), "str | float | bool", ['OneOf("auto", 1, 0.5, True)']),
        ((256, 512), "Literal[256, 512]", []),
        (("auto", 1, True), 'Literal["auto", 1, True]', []),
        ((2**63 - 1, 1 - 2**63), f"Literal[{2**63 - 1}, {1 - 2**63}]", []),
        ((2**63,), "int", [f"OneOf({2**63})"]),
    ],
)
def test_choices_have_the_type_of_their_values(choices: Any, annotation: str, constraints: list[str]) -> None:
    for choice in choices:
        typed = input_type(field("EnumField", choice, choices=choices))
        assert (str(typed.annotation), list(map(str, typed.constraints))) == (annotation, constraints)
        assert (str(typed.default), typed.unfit) == (str(expression.value(choice)), "")
    listed = input_type(field("EnumField", list(choices), cardinality="COLLECTION", choices=choices))
    assert not listed.unfit
    assert str(result_type(FieldType("EnumField"), False, type_of(choices))) == annotation


@pytest.mark.parametrize(
    ("value", "fits"), [(1, True), (1.0, True), (0.5, True), (True, False), ("1.0", False), (0.7, False), ({}, False)]
)
def test_a_number_that_equals_a_choice_is_that_choice(value: object, fits: bool) -> None:
    for item in (
        field("EnumField", value, choices=(0.5, 1.0)),
        field("EnumField", [value], cardinality="COLLECTION", choices=(0.5, 1.0)),
    ):
        assert bool(input_type(item).unfit) != fits


def test_more_numbers_than_an_annotation_can_list_are_any_numbers() -> None:
    typed = input_type(field("EnumField", 0.5, choices=tuple(number + 0.5 for number in range(251))))
    assert (str(typed.annotation), typed.constraints) == ("float", ())
    assert typed.dropped == ("its 251 choices, since they are not only text and integers",)


@pytest.mark.parametrize("cardinality", ["SINGLE", "COLLECTION", "SINGLE_OR_COLLECTION"])
def test_an_annotation_with_the_most_choices_can_be_read_again(cardinality: str) -> None:
    choices = tuple(-number - 1 / 7 for number in range(250))
    typed = input_type(field("EnumField", cardinality=cardinality, choices=choices))
    source = f"x: Annotated[{', '.join(map(str, (typed.annotation, *typed.constraints, 'Index(0)')))}]".encode()
    assert "OneOf" in source.decode()
    assert len(parse(source, most_tokens(source))) == 1


def test_half_of_a_character_is_not_a_choice() -> None:
    typed = input_type(field("EnumField", "a", choices=("\ud800", "a", "\U0001f98a")))
    assert typed.choices == ("a", "\U0001f98a")


def test_a_dropdown_s_choices_become_a_literal_with_the_stored_value() -> None:
    item = field("StringField", "c", options=(("a", "A"), ("b", "B")))
    assert str(input_type(item).annotation) == 'Literal["a", "b", "c"]'


@pytest.mark.parametrize(
    ("item", "constraints"),
    [
        (field("IntegerField", 64, limits=Limits(minimum=64, multiple_of=8)), ["Ge(64)", "MultipleOf(8)"]),
        (field("FloatField", 0.5, limits=Limits(exclusive_minimum=0, maximum=1)), ["Gt(0)", "Le(1)"]),
        (field("IntegerField", 5, limits=Limits(multiple_of=1)), []),
        (field("IntegerField", 5, limits=Limits(minimum=0), minimum=2, maximum=9), ["Ge(2)", "Le(9)"]),
        (field("IntegerField", 5, limits=Limits(minimum=3), minimum=1), ["Ge(3)"]),
        (field("IntegerField", 50, limits=Limits(minimum=0), maximum=9), ["Ge(0)"]),
        (field("IntegerField", limits=Limits(minimum=0), minimum=2, default=1), ["Ge(0)"]),
        (field("IntegerField", limits=Limits(minimum=0), minimum=2, default=1, required=True), ["Ge(2)"]),
        (field("StringField", "x", limits=Limits(max_length=5)), ["Len(0, 5)"]),
        (field("ImageField", [], cardinality="COLLECTION", limits=Limits(max_items=3)), ["Len(0, 3)"]),
        (
            field("FloatField", 1, cardinality="SINGLE_OR_COLLECTION", limits=Limits(minimum=-1, maximum=2)),
            ["Ge(-1)", "Le(2)"],
        ),
        (field("ModelIdentifierField", models=ModelFilter(base=("sd-1",))), ['ModelFilter(base=("sd-1",))']),
        (field("BooleanField", True, limits=Limits(max_length=5)), []),
        (field("PaletteField", "x", limits=Limits(min_length=5)), []),
    ],
)
def test_constraints(item: FormInput, constraints: list[str]) -> None:
    assert list(map(str, input_type(item).constraints)) == constraints


def test_limits_that_do_not_concern_the_type_are_not_mentioned() -> None:
    number = field("IntegerField", 5, limits=Limits(minimum=1, max_length=3, min_items=2))
    assert input_type(number).summary == "integer, at least 1"
    texts = field("StringField", ["a"], cardinality="COLLECTION", limits=Limits(minimum=1, min_items=1))
    assert input_type(texts).summary == "list of texts, at least 1 item"


def test_a_limit_on_one_or_a_list_leaves_one_only() -> None:
    item = field("FloatField", 1, cardinality="SINGLE_OR_COLLECTION", limits=Limits(minimum=-1))
    assert str(input_type(item).annotation) == "float"


@pytest.mark.parametrize(
    ("item", "default", "nullable"),
    [
        (field("IntegerField"), None, False),
        (field("IntegerField", required=True, default=3), None, False),
        (field("IntegerField", default=3), "3", False),
        (field("IntegerField", nullable=True, default=3), "None", True),
        (field("IntegerField", 4, nullable=True), "4", True),
        (field("BoardField", nullable=True, default="auto"), '"auto"', False),
        (field("StringField", None, nullable=True), "None", True),
        (field("StringField", None), None, False),
    ],
)
def test_a_missing_value_is_none_the_schema_s_default_or_required(
    item: FormInput, default: str | None, nullable: bool
) -> None:
    typed = input_type(item)
    assert (typed.default and str(typed.default), typed.nullable) == (default, nullable)


@pytest.mark.parametrize(
    "item",
    [
        field("IntegerField", "7"),
        field("IntegerField", 7.5),
        field("IntegerField", True),
        field("IntegerField", 5, limits=Limits(minimum=6)),
        field("IntegerField", 6, limits=Limits(exclusive_minimum=6)),
        field("IntegerField", 10, limits=Limits(multiple_of=8)),
        field("StringField", 5),
        field("StringField", "long", limits=Limits(max_length=2)),
        field("BooleanField", 1),
        field("ColorField", {"r": 1}),
        field("ModelIdentifierField", "name"),
        field("IntegerField", [1]),
        field("IntegerField", 1, cardinality="COLLECTION"),
        field("IntegerField", [1, "2"], cardinality="COLLECTION"),
        field("IntegerField", [1], cardinality="COLLECTION", limits=Limits(min_items=2)),
    ],
    ids=lambda item: f"{item.template.type} {item.value!r}",
)
def test_a_value_that_does_not_fit_is_not_a_default(item: FormInput) -> None:
    typed = input_type(item)
    assert typed.default is None
    assert typed.unfit


def test_the_size_of_one_or_a_list_is_that_of_the_list() -> None:
    item = field("ImageField", [], cardinality="SINGLE_OR_COLLECTION", limits=Limits(max_items=3))
    typed = input_type(item)
    assert str(typed.annotation) == "ImageInput | Annotated[list[ImageInput], Len(0, 3)]"
    assert typed.constraints == ()


def test_each_instance_gets_new_collections() -> None:
    assigned = input_type(field("IntegerField", [], cardinality="COLLECTION")).assigned
    assert str(assigned) == "field(default_factory=list[int])"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(), ""),
        (Limits(minimum=1, maximum=5), "1 to 5"),
        (Limits(minimum=0.5), "at least 0.5"),
        (Limits(maximum=2.0), "at most 2"),
        (Limits(exclusive_minimum=0, exclusive_maximum=1), "above 0, below 1"),
        (Limits(exclusive_minimum=0, maximum=16), "above 0, at most 16"),
        (Limits(minimum=64, multiple_of=8), "at least 64, a multiple of 8"),
        (Limits(min_items=1), "at least 1 item"),
        (Limits(min_length=2, max_length=5), "2 to 5 characters"),
    ],
)
def test_limits_in_words(limits: Limits, words: str) -> None:
    assert range_in_words(limits) == words


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (ANY_MODEL, "model"),
        (ModelFilter(base=("sd-1", "sd-2", "sdxl"), type=("main",)), "main model of sd-1, sd-2 or sdxl"),
        (ModelFilter(type=("lora", "ip_adapter")), "LoRA or IP adapter model"),
        (ModelFilter(type=("clip_embed",), variant=("large",)), "CLIP embed model, variant large"),
        (ModelFilter(base=("wan",), format=("diffusers", "onnx")), "model of wan, format diffusers or onnx"),
        (ModelFilter(type=("spandrel_image_to_image",)), "Spandrel image-to-image model"),
        (ModelFilter(type=("flux_redux", "llava_onevision")), "FLUX Redux or LLaVA OneVision model"),
    ],
)
def test_models_in_words(models: ModelFilter, words: str) -> None:
    assert models_in_words(models) == words


@pytest.mark.parametrize(
    ("type_name", "cardinality", "many", "nullable", "annotation"),
    [
        ("ImageField", "SINGLE", False, False, "Image"),
        ("ImageField", "SINGLE", True, False, "list[Image]"),
        ("ImageField", "COLLECTION", False, False, "list[Image]"),
        ("ImageField", "COLLECTION", True, False, "list[list[Image]]"),
        ("VideoField", "SINGLE", False, False, "Video"),
        ("StringField", "SINGLE", False, False, "str"),
        ("IntegerField", "COLLECTION", False, False, "list[int]"),
        ("AnyField", "SINGLE", False, False, "JsonValue"),
        ("x]; y", "SINGLE", False, False, "JsonValue"),
        ("StringField", "SINGLE", False, True, "str | None"),
        ("ImageField", "SINGLE", True, True, "list[Image | None]"),
        ("ImageField", "COLLECTION", False, True, "list[Image] | None"),
        ("ImageField", "COLLECTION", True, True, "list[list[Image] | None]"),
        ("AnyField", "SINGLE", False, True, "JsonValue"),
        ("AnyField", "COLLECTION", False, True, "list[JsonValue] | None"),
    ],
)
def test_result_types(type_name: str, cardinality: Any, many: bool, nullable: bool, annotation: str) -> None:
    assert str(result_type(FieldType(type_name, cardinality), many, nullable=nullable)) == annotation


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (field("ImageField", cardinality="COLLECTION"), "list of images"),
        (field("LoRAField", cardinality="COLLECTION"), "list of LoRAs"),
        (field("StringField", cardinality="COLLECTION", limits=Limits(max_items=3)), "list of texts, at most 3 items"),
        (field("FloatField", cardinality="SINGLE_OR_COLLECTION"), "number, or a list"),
        (field("BooleanField", cardinality="COLLECTION"), "list, each item true or false"),
        (field("EnumField", cardinality="COLLECTION", choices=("a", "b")), 'list, each item one of "a", "b"'),
        (
            field("ModelIdentifierField", cardinality="COLLECTION", models=ModelFilter(type=("ip_adapter",))),
            "list, each item an IP adapter model",
        ),
        (field("FaceField", cardinality="COLLECTION"), "list, each item JSON of type FaceField"),
        (field("AnyField"), "any JSON value"),
        (field("SchedulerField"), "name of a scheduler"),
    ],
)
def test_lists_in_words(item: FormInput, words: str) -> None:
    assert input_type(item).summary == words


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (("a",), 'only "a"'),
        (("gaussian", "box"), 'one of "gaussian", "box"'),
        (tuple("x" * 25 + str(n) for n in range(4)), "one of " + ", ".join(f'"{"x" * 25}{n}"' for n in range(4))),
        (tuple(f"c{n}" for n in range(31)), 'one of 31 choices: "c0", "c1", "c2", ... "c30"'),
        (("long " * 40, "b"), f'one of "{("long " * 11).rstrip()}...", "b"'),
    ],
)
def test_choices_in_words(choices: tuple[str, ...], words: str) -> None:
    assert choices_in_words(choices) == words


def test_the_labels_of_a_dropdown_are_named_if_they_say_more_than_the_values() -> None:
    labels = {"photo": "Photo", "oil": "Painting", "sky": ""}
    assert choices_in_words(tuple(labels), labels) == 'one of "photo", "oil" (Painting), "sky"'
