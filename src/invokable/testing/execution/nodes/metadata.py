"""Metadata: made, merged, and read back."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from invokable.contract.vocabulary import PNG_PREFIX
from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.graphs.rules import CUSTOM_LABEL
from invokable.testing.server.rows import without_nulls

_NOT_METADATA: Final = frozenset({"id", "type", "is_intermediate", "use_cache"})


@node("core_metadata")
def core_metadata(run: NodeRun) -> Fields:
    """Take every field with a value, including those that the schema does not know."""
    known = run.template.inputs
    values = {
        name: without_nulls(value) if name in known else value
        for name, value in run.values.items()
        if value is not None and name not in _NOT_METADATA
    }
    return _versioned(run, values)


@node("metadata_item")
def metadata_item(run: NodeRun) -> Fields:
    """Name a value."""
    return {"item": {"label": run["label"], "value": run["value"]}}


@node("metadata")
def metadata(run: NodeRun) -> Fields:
    """Collect named values."""
    items = run["items"] if isinstance(run["items"], list) else [run["items"]]
    return _versioned(run, {item["label"]: item["value"] for item in items})


@node("metadata_item_linked")
def metadata_item_linked(run: NodeRun) -> Fields:
    """Add a named value to metadata."""
    value = run["value"]
    value = value["vae"] if isinstance(value, dict) and "vae" in value else value
    return _versioned(run, {**(run["metadata"] or {}), _label(run): value})


def _versioned(run: NodeRun, values: dict[str, Any]) -> Fields:
    return {"metadata": {**values, "app_version": run.schema.version}}


@node("merge_metadata")
def merge_metadata(run: NodeRun) -> Fields:
    """Merge metadata; later values override earlier ones."""
    return {"metadata": {name: value for part in run["collection"] for name, value in part.items()}}


@node("metadata_from_image")
def metadata_from_image(run: NodeRun) -> Fields:
    """Read the metadata in an image file."""
    return {"metadata": dict(_of_image(run))}


@node("metadata_field_extractor")
def metadata_field_extractor(run: NodeRun) -> Fields:
    """Read a text from an image's metadata."""
    found, name, key = _of_image(run), run["image"]["image_name"], run["key"]
    if not found:
        raise ValueError(f"No metadata found on image {name}")
    if key not in found:
        raise ValueError(f"No key '{key}' found in the metadata for {name}")
    if not isinstance(found[key], str):
        raise ValueError(f"Metadata at key '{key}' must be a string")
    return {"value": found[key]}


def _of_image(run: NodeRun) -> dict[str, Any]:
    found = run.image("image").info.get(f"{PNG_PREFIX}metadata")
    return found if isinstance(found, dict) else _parsed(found)


def _parsed(text: object) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


_READ_AS: Final = {"bool": bool, "float": float, "integer": int, "string": str}


@node("metadata_to_bool", "metadata_to_float", "metadata_to_integer", "metadata_to_string")
def metadata_to_value(run: NodeRun) -> Fields:
    """Read the value of a label."""
    kind = re.sub("^metadata_to_", "", run.template.type)
    return {"value": _READ_AS[kind](_found(run))}


@node(
    "metadata_to_bool_collection",
    "metadata_to_float_collection",
    "metadata_to_integer_collection",
    "metadata_to_string_collection",
)
def metadata_to_collection(run: NodeRun) -> Fields:
    """Read the value or values of a label."""
    kind = re.sub("^metadata_to_|_collection$", "", run.template.type)
    found = _found(run)
    return {"collection": [_READ_AS[kind](value) for value in (found if isinstance(found, list) else [found])]}


@node("metadata_to_scheduler")
def metadata_to_scheduler(run: NodeRun) -> Fields:
    """Read a scheduler."""
    return {"scheduler": _found(run)}


def _found(run: NodeRun) -> Any:
    return (run["metadata"] or {}).get(_label(run), run["default_value"])


def _label(run: NodeRun) -> str:
    return str(run["custom_label"] if run["label"] == CUSTOM_LABEL else run["label"])
