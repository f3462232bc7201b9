"""Which output may feed which input: the editor's rules about field types."""

from __future__ import annotations

from dataclasses import replace

from invokable.schema.model import FieldType


def types_equal(first: FieldType, second: FieldType) -> bool:
    """Return whether two types, or the types they had before a `ui_type`, are the same."""
    return bool(_forms(first) & _forms(second))


def _forms(kind: FieldType) -> set[tuple[str, str, bool]]:
    forms = (kind,) if kind.original is None else (kind, kind.original)
    return {(each.name, each.cardinality, each.batch) for each in forms}


def may_connect(source: FieldType, target: FieldType) -> bool:
    """Return whether an output of one type may feed an input of another."""
    if types_equal(source, target):
        return True
    if source.batch != target.batch:
        return False
    single, many, either = "SINGLE", "COLLECTION", "SINGLE_OR_COLLECTION"
    same_shape = source.cardinality == target.cardinality or (
        target.cardinality == either and source.cardinality in (single, many)
    )
    return (
        (source.name == "CollectionItemField" and target.cardinality != many)
        or (source.cardinality == single and target.name == "CollectionItemField")
        or (source.name == target.name and target.cardinality == either)
        or (source.name == "CollectionField" and target.cardinality != single)
        or (target.name == "CollectionField" and source.cardinality == many)
        or (same_shape and (source.name, target.name) in _WIDENINGS)
        or target.name == "AnyField"
        or (source.name == "AnyField" and same_shape)
    )


_WIDENINGS = {
    ("IntegerField", "FloatField"),
    ("IntegerField", "StringField"),
    ("FloatField", "StringField"),
}


def may_share(first: FieldType, second: FieldType) -> bool:
    """Return whether two types are interchangeable, as the branches of an `if` node must be."""
    if may_connect(first, second) or may_connect(second, first):
        return True
    return (
        first.batch == second.batch
        and first.name == second.name
        and {first.cardinality, second.cardinality} == {"SINGLE", "COLLECTION"}
    )


def item_type(kind: FieldType) -> FieldType | None:
    """Return the type of an item that a field gives to a `collect` node, None for any type."""
    if kind.name == "CollectionField":
        return None
    return kind if kind.cardinality == "SINGLE" else replace(kind, cardinality="SINGLE")
