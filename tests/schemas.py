"""The documented schemas of the JSON that commands print."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from tests.examples import ROOT


def valid(text: str, name: str) -> Any:
    """The JSON in a text, checked against `docs/schemas/NAME.schema.json`."""
    schema = json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document = json.loads(text)
    Draft202012Validator(schema).validate(document)
    return document
