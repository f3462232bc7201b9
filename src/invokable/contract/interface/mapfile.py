"""Map file: an interface as a JSON file with a checksum, for programs that do not generate a module.

    {"invokable_map": 1, "class": "ColourCard", …, "inputs": [{"index": 0, …}], "outputs": […], "checksum": "…"}

`docs/schemas/map.schema.json` describes it. Equal interfaces give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from invokable.contract.interface.accepted import read_annotation
from invokable.contract.interface.model import Input, Interface, InterfaceError, Output
from invokable.contract.json_parts import not_json

MAP_FORMAT: Final = 1
"""The format of the map files that this version writes and reads."""
KEY: Final = "invokable_map"
"""The first key of a map file, which identifies it; its value is the format."""


def write_map(interface: Interface) -> str:
    """Return the text of the map file."""
    document = _document(interface)
    return json.dumps(document | {"checksum": _checksum(document)}, indent=1, ensure_ascii=True) + "\n"


def read_map(text: str) -> Interface:
    """Read a map file. Raises InterfaceError for a text that is not one, or was changed after its export."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InterfaceError(not_json(error)) from None
    if not isinstance(document, dict) or KEY not in document:
        raise InterfaceError(f"not a map file: it has no {KEY!r}")
    if document[KEY] != MAP_FORMAT:
        raise InterfaceError(f"a map file of format {document[KEY]!r}; this invokable reads format {MAP_FORMAT}")
    said = document.pop("checksum", None)
    if said != _checksum(document):
        raise InterfaceError("the map was changed after its export: the checksum does not match; export it again")
    try:
        return _interface(document)
    except (AttributeError, KeyError, TypeError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise InterfaceError(f"not in the form of a map file: {type(error).__name__}: {error}") from None


def _document(interface: Interface) -> dict[str, Any]:
    return {
        KEY: MAP_FORMAT,
        "class": interface.class_name,
        "source": interface.source,
        "schema": interface.schema,
        "index_map_checksum": interface.checksum,
        "inputs": [_input(item) for item in interface.inputs],
        "outputs": [_output(item) for item in interface.outputs],
        "nodes": dict(interface.nodes),
        "aliases": dict(interface.aliases),
        "models": {attribute: list(names) for attribute, names in interface.models.items()},
    }


def _input(item: Input) -> dict[str, Any]:
    return {
        "index": item.indices[0],
        "indices": list(item.indices),
        "attribute": item.attribute,
        "node_id": item.node_id,
        "field": item.field,
        "type": item.type,
        "annotation": item.annotation,
        "alias": item.alias,
        "required": item.default is None,
        "default": item.default,
        "label": item.label,
        "connected": item.connected,
    }


def _output(item: Output) -> dict[str, Any]:
    return {
        "attribute": item.attribute,
        "node_id": item.node_id,
        "field": item.field,
        "type": item.type,
        "many": item.many,
        "annotation": item.annotation,
    }


def _interface(document: Mapping[str, Any]) -> Interface:
    interface = Interface(
        class_name=document["class"],
        source=document["source"],
        schema=document["schema"],
        inputs=tuple(_read_input(item) for item in document["inputs"]),
        outputs=tuple(_read_output(item) for item in document["outputs"]),
        nodes=dict(document["nodes"]),
        aliases=dict(document["aliases"]),
        models={attribute: tuple(names) for attribute, names in document["models"].items()},
    )
    if interface.checksum != document["index_map_checksum"]:
        raise InterfaceError("the map is inconsistent: its index_map_checksum does not match its inputs")
    return interface


def _read_input(item: Mapping[str, Any]) -> Input:
    kept = {key: value for key, value in item.items() if key not in ("index", "required")}
    read_annotation(item["annotation"])
    return Input(**{**kept, "indices": tuple(item["indices"])})


def _read_output(item: Mapping[str, Any]) -> Output:
    read_annotation(item["annotation"])
    return Output(**item)


def _checksum(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()
