"""Batches: every list of values is computed and validated before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from invokable import Problem, ValidationError
from invokable.codegen import Options
from invokable.runtime.steps.exchange.protocol import Request
from invokable.runtime.steps.runs import batches
from invokable.runtime.steps.runs.batches import batch_data, expanded, least_size
from invokable.runtime.steps.runs.substitution import wire_values
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from tests.examples import add_edge, add_field, add_node, example, feed, imported, node, with_generator, workflow_class
from tests.runtime.driving import Driver, answer

NODES = load("6.14.2").nodes
SEQUENCE = {"type": "integer_generator_arithmetic_sequence", "start": 10, "step": 5, "count": 3}


def batched(kind: str, values: Any, *, into: str, node_type: str, group: str = "None", document: Any = None) -> Any:
    """The card with a batch node, whose list is an input of the form and feeds a field."""
    document = document or example("colour_card.json")
    node_id = f"batch-of-{into}"
    field = {"integer": "integers", "float": "floats", "string": "strings", "image": "images"}[kind]
    version = NODES[f"{kind}_batch"].version
    add_node(document, node_id, f"{kind}_batch", version=version, batch_group_id=group, **{field: values})
    add_field(document, node_id, field)
    add_edge(document, node_id, "image" if kind == "image" else "value", node(document, node_type)["id"], into)
    return document


def made(flow: Any, driver: Driver | None = None, **resolved: Any) -> list[list[dict[str, Any]]]:
    """The batch data of a workflow. Raises ValidationError."""
    driver = driver or Driver(lambda request: pytest.fail(f"asked the server: {request}"))
    values = wire_values(flow, {"stamp": {"image_name": "x.png"}} | resolved)
    problems: list[Problem] = []
    data = driver.drive(batch_data(pins_of(type(flow)), values, problems))
    if problems:
        raise ValidationError(problems)
    return data


def data_of(flow: Any, driver: Driver | None = None) -> list[list[list[Any]]]:
    """The items of each list of each group."""
    return [[datum["items"] for datum in group] for group in made(flow, driver)]


def card(document: Any, **values: Any) -> Any:
    return workflow_class(imported(document))(stamp="x.png", **values)


def test_values_for_a_batch_are_refused_if_a_generator_makes_them() -> None:
    document = with_generator()
    add_field(document, "b", "integers")
    flow = card(document)
    assert data_of(flow) == [[[64, 128, 192, 256]]]
    with pytest.raises(ValidationError, match="an edge of the workflow feeds this field"):
        flow.integers = [1, 2]


@pytest.mark.parametrize(
    ("values", "size"),
    [
        ([100, 200], 2),
        ([], 1),
        (SEQUENCE, 3),
        (SEQUENCE | {"count": 10**5}, 10**5),
        (SEQUENCE | {"count": "x"}, 1),
    ],
)
def test_the_size_of_a_batch_is_known_before_its_values_are_made(values: Any, size: int) -> None:
    document = (
        with_generator() if isinstance(values, dict) else batched("integer", [1], into="width", node_type="blank_image")
    )
    pins = pins_of(workflow_class(imported(document)))
    (source,) = pins.batch.sources
    assert least_size(pins, {(source.node_id, source.field): values}) == size


def test_the_values_of_the_attribute_become_the_items() -> None:
    document = batched("integer", [100, 200], into="width", node_type="blank_image")
    assert data_of(card(document)) == [[[100, 200]]]
    assert data_of(card(document, integers=[7, 8, 9])) == [[[7, 8, 9]]]


def test_lists_are_multiplied_unless_one_group_zips_them() -> None:
    for group, groups, size in (("None", 2, 6), ("Group 1", 1, 3)):
        document = batched("integer", [1, 2, 3], into="width", node_type="blank_image", group=group)
        values = [4, 5] if group == "None" else [4, 5, 6]
        document = batched("integer", values, into="x", node_type="img_paste", group=group, document=document)
        flow = card(document)
        data = made(flow)
        assert (len(data), len(expanded(data))) == (groups, size)


def test_the_last_list_varies_fastest() -> None:
    document = batched("integer", [100, 200], into="width", node_type="blank_image")
    document = batched("integer", [1, 2], into="x", node_type="img_paste", document=document)
    rows = expanded(made(card(document)))
    assert [[value for _, _, value in row] for row in rows] == [[100, 1], [100, 2], [200, 1], [200, 2]]


def test_lists_of_one_group_that_differ_in_length_are_refused() -> None:
    document = batched("integer", [1, 2, 3], into="width", node_type="blank_image", group="Group 1")
    document = batched("integer", [4, 5], into="x", node_type="img_paste", group="Group 1", document=document)
    with pytest.raises(ValidationError, match="differ in length: 3, 2"):
        data_of(card(document))


def test_an_empty_list_of_a_group_is_one_problem() -> None:
    document = with_generator({"type": "integer_generator_parse_string", "input": "", "splitOn": ","})
    node(document, "integer_batch")["inputs"]["batch_group_id"]["value"] = "Group 1"
    document = batched("integer", [4, 5], into="x", node_type="img_paste", group="Group 1", document=document)
    with pytest.raises(ValidationError, match="the batch has no values") as caught:
        data_of(card(document))
    assert len(caught.value.errors) == 1


@pytest.mark.parametrize(
    ("kind", "values", "into", "words"),
    [
        ("float", [1.0, -0.5], "radius", "item 1 of the batch, -0.5, is less than 0"),
        ("integer", [0, 1, -1], "radius", "item 2 of the batch, -1, is less than 0"),
    ],
)
def test_an_invalid_item_is_reported_by_index(kind: str, values: list[Any], into: str, words: str) -> None:
    # The server accepts such an item and then never gets past it.
    with pytest.raises(ValidationError) as caught:
        data_of(card(batched(kind, values, into=into, node_type="img_blur")))
    (problem,) = caught.value.errors
    assert problem.index == 9
    assert words in str(caught.value)


def test_a_generator_without_items_is_refused() -> None:
    settings = {"type": "integer_generator_parse_string", "input": "", "splitOn": ","}
    with pytest.raises(ValidationError, match=r"index 9.*the batch has no values"):
        data_of(card(with_generator(settings)))


def test_images_of_a_batch_are_references() -> None:
    document = batched("image", [{"image_name": "a.png"}], into="base_image", node_type="img_paste")
    document["edges"] = [e for e in document["edges"] if e["targetHandle"] != "base_image" or "batch" in e["source"]]
    assert data_of(card(document)) == [[[{"image_name": "a.png"}]]]


def test_a_generator_is_computed_from_the_given_value() -> None:
    assert data_of(card(with_generator(SEQUENCE))) == [[[10, 15, 20]]]
    assert data_of(card(with_generator(SEQUENCE), widths=SEQUENCE | {"count": 1})) == [[[10]]]


def test_a_generator_that_the_form_does_not_show_makes_its_values() -> None:
    document = with_generator(SEQUENCE)
    form = document["form"]["elements"]
    del form[form[document["form"]["rootElementId"]]["data"]["children"].pop()]
    assert data_of(card(document)) == [[[10, 15, 20]]]


def test_a_generator_may_have_numbers_with_a_fraction() -> None:
    document = example("colour_card.json")
    settings = {"type": "float_generator_arithmetic_sequence", "start": 0.5, "step": 0.25, "count": 2}
    feed(document, "float", settings, node(document, "img_blur")["id"], "radius", label="Radii")
    assert data_of(card(document, radii={**settings, "start": 1.5})) == [[[1.5, 1.75]]]


def test_a_generator_without_a_seed_draws_new_numbers() -> None:
    settings = {"type": "integer_generator_random_distribution_uniform", "min": 1, "max": 10**9, "count": 3}
    flow = card(with_generator(settings))
    first, second = data_of(flow), data_of(flow)
    assert first != second
    assert all(1 <= item <= 10**9 for item in first[0][0])


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        ({"type": "nonsense"}, "has an unknown type, 'nonsense'"),
        ({**SEQUENCE, "type": "integer_generator_arithmetic_seqence"}, f"did you mean '{SEQUENCE['type']}'"),
        ({**SEQUENCE, "type": "float_generator_arithmetic_sequence"}, "has the type of another generator"),
        ({"start": 0, "step": 1, "count": 2}, f"has no type, such as '{SEQUENCE['type']}'"),
        ({**SEQUENCE, "step": "2"}, "has a step that is not an integer"),
        ({"type": SEQUENCE["type"], "start": 0, "count": 2}, "has no step"),
        ({**SEQUENCE, "stpe": 2}, r"has an unknown setting, 'stpe' \(did you mean 'step'\?\)"),
        ({**SEQUENCE, "count": 10**7}, "at most 100000 items"),
    ],
)
def test_settings_that_make_no_batch_are_refused_on_assignment(generator: Any, words: str) -> None:
    flow = card(with_generator(SEQUENCE))
    with pytest.raises(ValidationError, match=words) as caught:
        flow.widths = generator
    assert [problem.index for problem in caught.value.errors] == [9]
    assert flow.widths == SEQUENCE


def test_dynamic_prompts_and_a_boards_images_are_requested_from_the_server() -> None:
    document = example("sd15_text_to_image.json")
    settings = {"type": "string_generator_dynamic_prompts_random", "input": "a {fox|owl}", "count": 2}
    prompt = next(n["id"] for n in document["nodes"] if n["data"].get("type") == "string")
    feed(document, "string", settings, prompt, "value", label="Prompts")
    flow = imported(document).SD15TextToImage(model="m")
    driver = Driver(lambda _: answer({"prompts": ["a fox", "an owl"]}))
    (((datum),),) = made(flow, driver, model={})
    assert datum["items"] == ["a fox", "an owl"]
    (request,) = driver.requests
    assert isinstance(request, Request)
    body: Any = request.json
    assert (body["prompt"], body["max_prompts"], body["combinatorial"]) == ("a {fox|owl}", 2, False)
    assert isinstance(body["seed"], int)


def test_a_prompt_that_the_server_cannot_expand_is_reported_with_the_reason() -> None:
    document = example("colour_card.json")
    settings = {"type": "string_generator_dynamic_prompts_combinatorial", "input": "{a", "maxPrompts": 2}
    add_node(document, "s", "string", version=NODES["string"].version, value="")
    feed(document, "string", settings, "s", "value", label="Prompts")
    driver = Driver(lambda _: answer({"prompts": ["{a"], "error": "no closing brace"}))
    with pytest.raises(ValidationError, match=r"index 9.*cannot expand the prompt: no closing brace"):
        made(card(document), driver)


def test_a_generator_that_makes_no_values_is_reported_before_anything_is_sent() -> None:
    flow = card(with_generator(SEQUENCE))
    flow.widths["type"] = "nonsense"
    with pytest.raises(ValidationError, match="unknown generator 'nonsense'"):
        made(flow)


def test_a_missing_board_is_reported() -> None:
    document = example("colour_card.json")
    add_node(document, "copy", "save_image", version=NODES["save_image"].version)
    settings = {"type": "image_generator_images_from_board", "category": "images", "board_id": "b9"}
    feed(document, "image", settings, "copy", "image", label="Pictures")
    flow = workflow_class(imported(document, Options(lenient=True)))(stamp="x.png", pictures=settings)
    driver = Driver(lambda _: answer({"detail": "Board not found"}, 404))
    with pytest.raises(ValidationError, match=r"no board with the id 'b9'"):
        made(flow, driver)


def test_a_list_that_feeds_many_fields_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    document = batched("integer", [1, 2], into="x", node_type="img_paste")
    for number in range(10):
        add_node(document, f"sum{number}", "add", version=NODES["add"].version, a=1, b=2)
        add_edge(document, "batch-of-x", "value", f"sum{number}", "a")
    checked: list[object] = []

    def misfit(items: list[object], check: object) -> str:
        checked.append(check)
        return "is wrong"

    monkeypatch.setattr(batches, "_misfit", misfit)
    with pytest.raises(ValidationError) as error:
        made(card(document))
    assert len(error.value.errors) == 11
    assert len(checked) == len(set(checked)) <= 2
