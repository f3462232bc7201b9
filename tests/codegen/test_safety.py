"""Safety: nothing that a workflow says becomes code, a comment, a directive, a path or a second name."""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from invokable._generators import JS_SPACE
from invokable.codegen import GeneratedModule, generate_module
from invokable.schema import load
from tests.codegen import oracle

EXAMPLES = Path(__file__).parents[2] / "generated_examples" / "workflows"
SCHEMA = load("6.14.2")

HOSTILE = {
    "double quote": 'a"b',
    "single quote": "a'b",
    "backslash": "a\\",
    "escaped quote": '\\"',
    "triple quotes": '"""',
    "raw string end": '"""\nimport os\nos.system("x")\nr"""',
    "literal breakout": '"; import os; os.system("x"); "',
    "docstring breakout": '""" + __import__("os").system("x") + """',
    "newlines": "a\nimport os\r\nos.abort()\rx",
    "line separators": "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029import os",
    "cookie": "coding: utf-7",
    "emacs cookie": "-*- coding: raw_unicode_escape -*-",
    "directives": "x # type: ignore # noqa # fmt: off # pyright: basic # pragma: no cover",
    "template": "{{ 7 * 7 }}{% raw %}{# x #}",
    "markup": "[red]x[/]",
    "terminal": "\x1b]0;x\x07\x9b31m",
    "bidi": "\u202e\u2066x\u2069\u202c",
    "zero width": "a\u200bb\ufeff",
    "nul": "a\x00b",
    "fullwidth keyword": "ｉｆ",
    "math keyword": "𝐢𝐟",
    "ligature": "ﬁeld",
    "dunder": "__init__",
    "private": "_x",
    "soft keyword": "match",
    "none": "None",
    "builtin": "list",
    "self": "self",
    "member": "to_dict",
    "imports": "dataclass",
    "annotation": "int]; x",
    "path": "../../../etc/passwd",
    "astral": "🎨" * 3,
    "long": "long " * 400,
    "format": "%s {0} {x!r} $y",
}


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text(encoding="utf-8"))


def poisoned(text: str) -> Any:
    """An example in which every slot that a person or a program can fill says `text`."""
    document = example("sd15_text_to_image.json")
    for slot in ("name", "author", "description", "contact", "tags", "notes", "version"):
        document[slot] = text
    for node in document["nodes"]:
        data = node["data"]
        data["label"] = data["notes"] = text
        for name, field in data.get("inputs", {}).items():
            field["label"] = field["description"] = text
            if name == "prompt" or (data["type"] == "string" and name == "value"):
                field["value"] = text
            if name == "model":
                field["value"] = {
                    "key": text,
                    "hash": text,
                    "name": text,
                    "base": "sd-1",
                    "type": "main",
                }
            if name == "board":
                field["value"] = {"board_id": text}
    elements = document["form"]["elements"]
    for element in elements.values():
        if element["type"] in ("heading", "text"):
            element["data"]["content"] = text
        elif element["type"] == "node-field":
            node_id, field_name = element["data"]["fieldIdentifier"].values()
            node = next(node for node in document["nodes"] if node["id"] == node_id)
            value = node["data"]["inputs"][field_name].get("value")
            if value == text:
                option = {"label": text, "value": text}
                element["data"]["settings"] = {
                    "type": "string-field-config",
                    "component": "dropdown",
                    "options": [option],
                }
    # Ids: of a node and of a form element, everywhere they are named. The editor trims them.
    ids = [
        document["nodes"][0]["id"],
        next(key for key, element in elements.items() if element["type"] == "heading"),
    ]
    renamed = dict.fromkeys(ids, f"id{text}id")
    return _rename(document, renamed)


def _rename(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_rename(item, names) for item in value]
    if isinstance(value, dict):
        return {names.get(key, key): _rename(item, names) for key, item in value.items()}
    return value


def generate(document: Any, source: str = "flow.json") -> GeneratedModule:
    return generate_module(document, SCHEMA, source=source)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_in_every_slot_stays_text(text: str, tmp_path: Path) -> None:
    document = poisoned(text)
    module = generate(document, source=f"{text[:40]}.json")
    tree = oracle.check_module(module.text)
    found = oracle.constants(tree)
    reading = module.plan.reading
    assert found["_GRAPH"] == reading.graph
    assert found["_WORKFLOW"] == reading.embedded
    assert text in oracle.strings_in(found["_WORKFLOW"])
    options = {choice for node in SCHEMA.nodes.values() for item in node.inputs.values() for choice in item.options}
    said = {form for string in oracle.strings_in(document) for form in (string, string.strip(JS_SPACE))}
    assert oracle.default_strings(tree) <= said | options | {"auto", "none"}
    path = tmp_path / "flow.py"
    path.write_text(module.text, encoding="utf-8", newline="\n")
    oracle.import_under_audit(path)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_first_two_lines_are_ours(text: str) -> None:
    lines = generate(poisoned(text)).text.encode("utf-8").split(b"\n")
    assert lines[:2] == [
        b"# Generated by invokable. Do not edit; run: invokable generate",
        b"# @generated",
    ]


def test_inputs_whose_labels_are_equal_after_nfkc_are_all_there() -> None:
    document = example("colour_card.json")
    labels = iter(
        [
            "ﬁeld",
            "field",
            "FIELD",
            "ｆield",
            "Field ",
            "field_",
            "fi eld",
            "𝐟ield",
            "f_i_eld",
            "fıeld",
        ]
    )
    for node in document["nodes"]:
        for field in node["data"].get("inputs", {}).values():
            field["label"] = next(labels, "field")
    module = generate(document)
    (class_,) = (statement for statement in ast.parse(module.text).body if isinstance(statement, ast.ClassDef))
    attributes = [s.target.id for s in class_.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
    assert len(attributes) == len(set(attributes)) == len(module.plan.inputs)


LOCALS = """
    annotations dataclass field Annotated Final Literal Index Workflow WorkflowResult Result Model Image Color Ge Le
    MultipleOf Len SOURCE FORMAT NODES INDEX_MAP OUTPUT_MAP _GRAPH _BATCH _WORKFLOW str int float list dict property
    lambda copy replace to_dict from_dict cls self index
""".split()


@pytest.mark.parametrize("name", LOCALS)
def test_a_field_named_as_a_name_of_the_module_does_no_harm(name: str, tmp_path: Path) -> None:
    document = example("colour_card.json")
    for node in document["nodes"]:
        node["data"]["label"] = name
        for field in node["data"].get("inputs", {}).values():
            field["label"] = name
    document["name"] = name
    module = generate(document)
    oracle.check_module(module.text)
    path = tmp_path / "flow.py"
    path.write_text(module.text, encoding="utf-8", newline="\n")
    oracle.import_under_audit(path)


def test_the_oracle_catches_what_it_is_there_for(tmp_path: Path) -> None:
    text = generate(example("colour_card.json")).text
    for addition in (
        "import os\n",
        "print('x')\n",
        "x = __import__('os')\n",
        "# noqa\n",
        "def f(): pass\n",
        "a.b\n",
    ):
        with pytest.raises(AssertionError):
            oracle.check_module(text + addition)
    path = tmp_path / "flow.py"
    path.write_text(text + "open('x', 'w')\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="audit: open"):
        oracle.import_under_audit(path)


def test_generating_does_not_change_the_document() -> None:
    document = example("colour_card.json")
    before = copy.deepcopy(document)
    generate(document)
    assert document == before
