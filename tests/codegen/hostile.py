"""Hostile texts, and a workflow with one of them in every place for text."""

from __future__ import annotations

from typing import Any

from tests.examples import example

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


def poisoned(text: str) -> Any:
    """An example with `text` in every place that a person or program can fill."""
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
    # Ids of a node and of a form element, wherever they are used. The editor trims them.
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
