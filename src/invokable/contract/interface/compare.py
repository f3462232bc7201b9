"""Compare: from two interfaces to their changes, in reading order.

Inputs and outputs are matched by node and field, so that renames are recognized; the rest are matched by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar, get_args

from invokable.contract.interface.accepted import read_annotation
from invokable.contract.interface.drift import Drift
from invokable.contract.interface.fits import Aspect, misfits
from invokable.contract.interface.model import Input, Interface, Output
from invokable.contract.interface.rules import Change, Kind
from invokable.contract.interface.words import accepted_in_words, shown_choices, shown_indices

Pin = TypeVar("Pin", Input, Output)

_NARROWED: Final[dict[Aspect, Kind]] = {
    "type": "input-type-narrowed",
    "limits": "input-limits-narrowed",
    "choices": "input-choices-narrowed",
    "models": "input-models-narrowed",
    "none": "input-none-narrowed",
}
_WIDENED: Final[dict[Aspect, Kind]] = {
    "type": "input-type-widened",
    "limits": "input-limits-widened",
    "choices": "input-choices-widened",
    "models": "input-models-widened",
    "none": "input-none-widened",
}
_ASPECTS: Final[tuple[Aspect, ...]] = get_args(Aspect)


def compare(old: Interface, new: Interface) -> Drift:
    """Find the changes from one interface to another, and whom they break."""
    changes = (*_of_module(old, new), *_of_inputs(old, new), *_of_outputs(old, new), *_of_nodes(old, new))
    return Drift(old=old, new=new, changes=changes)


def _of_module(old: Interface, new: Interface) -> Iterator[Change]:
    if old.class_name != new.class_name:
        yield Change(kind="class-renamed", name=old.class_name, before=old.class_name, after=new.class_name)
    for alias in old.aliases:
        if alias not in new.aliases:
            yield Change(kind="alias-missing", name=alias, before=alias)
    for attribute, names in old.models.items():
        known = frozenset(new.models.get(attribute, ()))
        for name in names:
            if name not in known:
                yield Change(kind="model-missing", name=f"Models.{attribute}.{name}", before=name)
    if old.schema != new.schema:
        yield Change(kind="schema-changed", name="InvokeAI", before=old.schema, after=new.schema)


def _of_inputs(old: Interface, new: Interface) -> Iterator[Change]:
    pairs, gone, added = _paired(old.inputs, new.inputs)
    for before, after in pairs:
        yield from _of_input(before, after, new.aliases)
    for item in gone:
        where = f"{shown_indices(item.indices)}, {accepted_in_words(item.accepted, item.type)}"
        yield Change(kind="input-missing", name=item.attribute, before=where)
    for item in added:
        where = f"{shown_indices(item.indices)}, {accepted_in_words(item.accepted, item.type)}"
        if item.default is None:
            yield Change(kind="input-new-required", name=item.attribute, after=where)
        else:
            yield Change(kind="input-new", name=item.attribute, after=f"{where}, default {item.default}")


def _of_input(old: Input, new: Input, aliases: Mapping[str, str]) -> Iterator[Change]:
    name = old.attribute
    if old.attribute != new.attribute:
        yield Change(kind="input-renamed", name=name, before=old.attribute, after=new.attribute)
    if old.key != new.key:
        yield Change(kind="input-replaced", name=name, before=_place(old), after=_place(new))
    if not set(old.indices) <= set(new.indices):
        before, after = shown_indices(old.indices), shown_indices(new.indices)
        yield Change(kind="input-moved", name=name, before=before, after=after)
    if old.label != new.label:
        yield Change(kind="input-relabelled", name=name, before=old.label, after=new.label)
    yield from _of_accepted(old, new)
    yield from _of_alias(old, new, aliases)
    yield from _of_default(old, new)
    if old.connected != new.connected:
        yield Change(kind="input-connected" if new.connected else "input-released", name=name)


def _of_accepted(old: Input, new: Input) -> Iterator[Change]:
    before, after = accepted_in_words(old.accepted, old.type), accepted_in_words(new.accepted, new.type)
    narrowed, widened = misfits(old.accepted, new.accepted), misfits(new.accepted, old.accepted)
    if _is_other_json(old, new):
        narrowed |= {"type"}
    for aspect in _ASPECTS:
        if aspect in narrowed or aspect in widened:
            kind = (_NARROWED if aspect in narrowed else _WIDENED)[aspect]
            detail = shown_choices(old.accepted, new.accepted) if aspect == "choices" else ""
            yield Change(kind=kind, name=old.attribute, before=before, after=after, detail=detail)


def _of_alias(old: Input, new: Input, aliases: Mapping[str, str]) -> Iterator[Change]:
    """The alias of an input may now belong to another input, and name its choices."""
    named = aliases.get(old.alias)
    if named is None or misfits(old.accepted, new.accepted):
        return
    if misfits(read_annotation(named), new.accepted):
        before, after = f"the choices of {old.attribute}", "those of another input"
        yield Change(kind="alias-changed", name=old.alias, before=before, after=after)


def _is_other_json(old: Input, new: Input) -> bool:
    """Whether both accept JSON, whose meaning depends on the field type."""
    bases = {value.base for accepted in (old.accepted, new.accepted) if (value := accepted.value)}
    return bases == {"JsonValue"} and old.type != new.type


def _of_default(old: Input, new: Input) -> Iterator[Change]:
    if old.default == new.default:
        return
    if new.default is None:
        yield Change(kind="input-required", name=old.attribute, before=f"default {old.default}", after="required")
    elif old.default is None:
        yield Change(kind="input-optional", name=old.attribute, before="required", after=f"default {new.default}")
    else:
        yield Change(kind="input-default", name=old.attribute, before=old.default, after=new.default)


def _of_outputs(old: Interface, new: Interface) -> Iterator[Change]:
    pairs, gone, added = _paired(old.outputs, new.outputs)
    for before, after in pairs:
        yield from _of_output(before, after)
    for output in gone:
        yield Change(kind="output-missing", name=output.attribute, before=output.annotation)
    for output in added:
        yield Change(kind="output-new", name=output.attribute, after=output.annotation)


def _of_output(old: Output, new: Output) -> Iterator[Change]:
    name = old.attribute
    if old.attribute != new.attribute:
        yield Change(kind="output-renamed", name=name, before=old.attribute, after=new.attribute)
    if old.key != new.key:
        yield Change(kind="output-replaced", name=name, before=_place(old), after=_place(new))
    if old.annotation == new.annotation and not (_is_json(old) and old.type != new.type):
        return
    if old.many != new.many and _inner(old) == _inner(new):
        kind: Kind = "output-many" if new.many else "output-one"
    else:
        kind = "output-narrowed" if _reads_as(new, old) else "output-retyped"
    detail = shown_choices(old.accepted, new.accepted)
    yield Change(kind=kind, name=name, before=_read(old), after=_read(new), detail=detail)


def _inner(output: Output) -> str:
    """The type of the value of one run."""
    return output.annotation.removeprefix("list[").removesuffix("]") if output.many else output.annotation


def _is_json(output: Output) -> bool:
    """Whether its values are JSON, whose meaning depends on the field type."""
    return output.annotation.replace("list[", "").rstrip("]") == "JsonValue"


def _reads_as(narrow: Output, wide: Output) -> bool:
    """Whether every value of one output is also one of the other."""
    if _is_json(wide) and (narrow.accepted.one is None or wide.type not in ("AnyField", narrow.type)):
        return False
    return not misfits(narrow.accepted, wide.accepted)


def _read(output: Output) -> str:
    """The type of an output, for people."""
    if output.accepted.value and output.accepted.value.choices:
        return accepted_in_words(output.accepted, output.type)
    return f"{output.annotation} ({output.type})" if _is_json(output) else output.annotation


def _of_nodes(old: Interface, new: Interface) -> Iterator[Change]:
    for node_type in sorted(old.nodes.keys() | new.nodes.keys()):
        before, after = old.nodes.get(node_type, ""), new.nodes.get(node_type, "")
        if not before:
            yield Change(kind="node-new", name=node_type, after=after)
        elif not after:
            yield Change(kind="node-unused", name=node_type, before=before)
        elif before != after:
            yield Change(kind="node-version", name=node_type, before=before, after=after)


def _place(pin: Input | Output) -> str:
    return f"field {pin.field} of node {pin.node_id}"


def _paired(old: Sequence[Pin], new: Sequence[Pin]) -> tuple[list[tuple[Pin, Pin]], list[Pin], list[Pin]]:
    """Those that match, then those that are missing, then those that are new.

    First, the same fields match, whatever their names. Among the rest, equal names match: a node was replaced by
    another.
    """
    by_key = {pin.key: pin for pin in new}
    known = {pin.key for pin in old}
    fresh = {pin.attribute: pin for pin in new if pin.key not in known}
    pairs, gone = [], []
    for pin in old:
        match = by_key.get(pin.key) or fresh.pop(pin.attribute, None)
        if match is None:
            gone.append(pin)
        else:
            pairs.append((pin, match))
    return pairs, gone, list(fresh.values())
