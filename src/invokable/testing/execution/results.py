"""The output of a node, in the shape of its schema."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from invokable.schema import NodeTemplate


def shaped(template: NodeTemplate, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an output as the server sends it in events.

    Raises TypeError if the fields are not those of the schema: the node's implementation is wrong.
    """
    if fields.keys() - template.outputs.keys() or template.outputs.keys() - fields.keys():
        raise TypeError(f"{template.type} gives {sorted(fields)}, its schema has {sorted(template.outputs)}")
    return {"output_meta": None, **{name: fields[name] for name in template.outputs}, "type": template.output_type}


def stored(document: Mapping[str, Any], fields: Container[str]) -> dict[str, Any]:
    """Return a node or output as the API returns it: without the empty fields among `fields`.

    Values of untyped fields stay complete, including nulls, and so do fields that the schema does not have.
    """
    return {
        name: _stored(value) if _is_shaped(name, fields) else value
        for name, value in document.items()
        if value is not None
    }


def _stored(value: Any) -> Any:
    if isinstance(value, list):
        return [_stored(item) for item in value]
    return stored(value, value) if isinstance(value, dict) else value


def _is_shaped(name: str, fields: Container[str]) -> bool:
    return name in fields and name not in _TAKES_ANYTHING


_TAKES_ANYTHING: Final = frozenset({"metadata", "item", "collection", "values", "value"})
