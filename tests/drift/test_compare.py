"""Compare: each kind of change is found, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from invokable.contract.interface import Interface, compare
from invokable.contract.interface.accepted import Accepted, One, read_annotation
from invokable.contract.interface.model import Output
from invokable.contract.interface.rules import KINDS, RULES
from invokable.contract.interface.words import shown_choices
from invokable.schema import Schema, parse_openapi
from invokable.schema.compare import compare_nodes
from tests.counted import Counted
from tests.drift.edits import CASES, NAMES, RUNS, sides
from tests.schema.documents import field, openapi
from tests.workflow.builders import schema


@pytest.mark.parametrize("position", range(len(RUNS)), ids=NAMES)
def test_an_edit_makes_the_changes_that_it_makes(position: int) -> None:
    case, reverse = RUNS[position]
    _, _, drift = sides(position)
    found = {change.kind for change in drift.changes if not (change.subject == "node" and "node" not in case.name)}
    wanted = {kind for kind in (case.back if reverse else case.there) if not kind.startswith("node")}
    wanted |= {kind for kind in (case.back if reverse else case.there) if "node" in case.name}
    assert found == wanted, str(drift)


def test_every_kind_of_change_has_an_edit_and_a_rule() -> None:
    assert set().union(*(case.there | case.back for case in CASES)) == set(KINDS) == set(RULES)


def of_output(kind: str, annotation: str) -> Interface:
    output = Output(attribute="made", node_id="n", field="out", type=kind, many=False, annotation=annotation)
    return Interface(class_name="A", source="a.json", schema="6.14.2", inputs=(), outputs=(output,))


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        (("FloatField", "float"), ("IntegerField", "int"), ["output-narrowed"]),
        (("AnyField", "JsonValue"), ("StringField", "str"), ["output-narrowed"]),
        (("AnyField", "JsonValue"), ("LatentsField", "JsonValue"), ["output-narrowed"]),
        (("AnyField", "JsonValue"), ("ImageField", "Image"), ["output-retyped"]),
        (("PaletteField", "JsonValue"), ("PaletteField", "paints.Palette"), ["output-retyped"]),
        (("LatentsField", "JsonValue"), ("MaskField", "JsonValue"), ["output-retyped"]),
        (("LatentsField[]", "list[JsonValue]"), ("MaskField[]", "list[JsonValue]"), ["output-retyped"]),
        (("LatentsField", "JsonValue"), ("IntegerField", "int"), ["output-retyped"]),
        (("LatentsField", "JsonValue"), ("LatentsField", "JsonValue"), []),
        (("StringField", "str"), ("EnumField", "str"), []),
        (("StringField", "str"), ("EnumField", "Literal['a', 'b']"), ["output-narrowed"]),
        (("EnumField", "JsonValue"), ("EnumField", "Literal['a', 'b']"), ["output-narrowed"]),
        (("EnumField", "Literal['a', 'b']"), ("EnumField", "Literal['a']"), ["output-narrowed"]),
        (("EnumField", "Literal['a']"), ("EnumField", "Literal['a', 'b']"), ["output-retyped"]),
        (("EnumField", "Literal['a']"), ("StringField", "str"), ["output-retyped"]),
        (("StringField", "str"), ("StringField", "str | None"), ["output-retyped"]),
        (("StringField", "str | None"), ("StringField", "str"), ["output-narrowed"]),
        (("ImageField[]", "list[Image]"), ("ImageField[]", "list[Image] | None"), ["output-retyped"]),
        (("AnyField", "JsonValue"), ("StringField", "str | None"), ["output-narrowed"]),
    ],
)
def test_an_output_is_narrowed_if_each_value_has_the_old_type(
    old: tuple[str, str], new: tuple[str, str], kinds: list[str]
) -> None:
    assert [change.kind for change in compare(of_output(*old), of_output(*new)).changes] == kinds


def of_choices(old: tuple[str, ...], new: tuple[str, ...]) -> object:
    return shown_choices(Accepted(one=One("str", old)), Accepted(one=One("str", new)))


def of_models(old: tuple[str, ...], new: tuple[str, ...]) -> object:
    interface = Interface(class_name="A", source="a.json", schema="6.14.2", inputs=(), outputs=())
    return compare(replace(interface, models={"model": old}), replace(interface, models={"model": new})).changes


def of_options(old: tuple[str, ...], new: tuple[str, ...]) -> object:
    blur = schema().nodes["img_blur"]
    before, after = (
        replace(schema(), nodes={"img_blur": replace(blur, inputs={"blur_type": replace(template, options=options)})})
        for template, options in ((blur.inputs["blur_type"], options) for options in (old, new))
    )
    return compare_nodes(before, after, None)


@pytest.mark.parametrize("compared", [of_choices, of_models, of_options])
def test_many_choices_are_not_compared_with_each_other(
    compared: Callable[[tuple[str, ...], tuple[str, ...]], object],
) -> None:
    old, new = (tuple(Counted(number) for number in range(start, start + 1_000)) for start in (0, 500))
    Counted.compared = 0
    assert compared(old, new)
    assert Counted.compared < 10_000


@pytest.mark.parametrize("count", [3, 3_000])
def test_many_choices_are_read_like_few(count: int) -> None:
    choices = tuple(f"choice {number}, '[x]' \U0001f98a" for number in range(count))
    literal = f"Literal[{', '.join(map(repr, choices))}]"
    assert read_annotation(literal) == Accepted(one=One("str", choices))
    assert read_annotation(f"{literal} | None") == Accepted(one=One("str", choices), none=True)
    with pytest.raises(ValueError, match="neither a string nor an integer"):
        read_annotation(f"{literal[:-1]}, 0.5]")


def with_fields(numbers: range, options: range = range(1)) -> Schema:
    """A schema whose only node type has an input and an output for each number, and an input with options."""
    inputs = {f"i{number}": field({"type": "integer"}) for number in numbers}
    choice = field({"type": "string", "enum": [f"c{number}" for number in options]})
    outputs = {f"o{number}": {"field_kind": "output", "type": "integer"} for number in numbers}
    return parse_openapi(openapi({**inputs, "choice": choice}, outputs), origin="a test")


@pytest.mark.parametrize(("number", "rest"), [(50, ""), (51, "1 more {}"), (1_000, "950 more {}s")])
@pytest.mark.parametrize("change", ["new", "gone"])
def test_many_changes_to_a_node_type_are_counted(number: int, rest: str, change: str) -> None:
    few, many = with_fields(range(0)), with_fields(range(number))
    found = [str(found) for found in (compare_nodes(few, many) if change == "new" else compare_nodes(many, few))]
    for part in ("input", "output"):
        listed = [f"{part} {part[0]}{position}: {change} (IntegerField)" for position in range(50)]
        counted = [f"{rest.format(part)}: {change}"] if rest else []
        assert [line for line in found if part in line] == [*listed, *counted]


def test_many_changed_fields_of_a_node_type_are_counted() -> None:
    numbers = with_fields(range(60))
    node = numbers.nodes["tint"]
    text = replace(node.outputs["o0"].type, name="StringField")
    outputs = {name: replace(output, type=text) for name, output in node.outputs.items()}
    changed = compare_nodes(numbers, replace(numbers, nodes={"tint": replace(node, outputs=outputs)}))
    assert [change.kind for change in changed] == ["output-changed"] * 51
    assert str(changed[-1]) == "10 more outputs: changed"


def test_many_choices_are_counted() -> None:
    (changed,) = compare_nodes(with_fields(range(0)), with_fields(range(0), range(62)))
    assert str(changed).startswith("input choice: choices with c1, c2, c3, ")
    assert str(changed).endswith("c49, c50 and 11 more")
