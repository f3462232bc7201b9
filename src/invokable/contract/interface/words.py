"""Words: values, indices and changes as text for reports."""

from __future__ import annotations

from typing import Final

from invokable.contract.interface.accepted import Accepted, One
from invokable.contract.interface.rules import Change, Kind
from invokable.contract.limit_words import range_in_words
from invokable.contract.model_words import models_in_words

_MOST: Final = 100  # characters of a value that a line shows
_FEW: Final = 6  # choices to list
_LINES: Final[dict[Kind, str]] = {
    "class-renamed": "renamed to {after}",
    "alias-missing": "no longer exported",
    "alias-changed": "was {before}, now {after}",
    "model-missing": "missing",
    "schema-changed": "{before}, now {after}",
    "input-missing": "missing ({before})",
    "input-new": "new ({after})",
    "input-new-required": "new and required ({after})",
    "input-renamed": "renamed to {after}",
    "input-moved": "moved from {before} to {after}",
    "input-replaced": "sets another field: {before}, now {after}",
    "input-relabelled": "label {before}, now {after}",
    "input-type-narrowed": "retyped: {before}, now {after}",
    "input-type-widened": "accepts more types: {before}, now {after}",
    "input-limits-narrowed": "limits narrowed: {before}, now {after}",
    "input-limits-widened": "limits widened: {before}, now {after}",
    "input-choices-narrowed": "choices narrowed: {before}, now {after}",
    "input-choices-widened": "choices widened: {before}, now {after}",
    "input-models-narrowed": "models narrowed: {before}, now {after}",
    "input-models-widened": "models widened: {before}, now {after}",
    "input-none-narrowed": "no longer accepts None",
    "input-none-widened": "now accepts None",
    "input-required": "now required (had {before})",
    "input-optional": "no longer required ({after})",
    "input-default": "default {before}, now {after}",
    "input-connected": "now fed by an edge",
    "input-released": "no longer fed by an edge",
    "output-missing": "missing ({before})",
    "output-new": "new ({after})",
    "output-renamed": "renamed to {after}",
    "output-replaced": "comes from another field: {before}, now {after}",
    "output-retyped": "retyped: {before}, now {after}",
    "output-narrowed": "retyped: {before}, now {after}",
    "output-many": "one value, now a list: {before}, now {after}",
    "output-one": "a list, now one value: {before}, now {after}",
    "node-new": "new in the graph, version {after}",
    "node-unused": "no longer in the graph",
    "node-version": "version {before}, now {after}",
}


def change_line(change: Change) -> str:
    """The change, without the name of what changed."""
    if change.detail:
        return f"{_LINES[change.kind].partition(':')[0]}: {_short(change.detail)}"
    before, after = _short(change.before), _short(change.after)
    if change.kind == "input-relabelled":
        before, after = (_quoted(label) if label else "none" for label in (before, after))
    return _LINES[change.kind].format(before=before, after=after)


def shown_choices(old: Accepted, new: Accepted) -> str:
    """The removed and added choices: `without "box", with "lens"`; empty if either has no choices."""
    before, after = old.value, new.value
    if not (before and before.choices and after and after.choices):
        return ""
    old_choices, new_choices = frozenset(before.choices), frozenset(after.choices)
    gone = [_quoted(choice) for choice in before.choices if choice not in new_choices]
    added = [_quoted(choice) for choice in after.choices if choice not in old_choices]
    return ", ".join(
        f"{word} {', '.join(choices)}" for word, choices in (("without", gone), ("with", added)) if choices
    )


def shown_indices(indices: tuple[int, ...]) -> str:
    """`index 3`, `indices 0 and 4`."""
    *rest, last = map(str, indices)
    return f"indices {', '.join(rest)} and {last}" if rest else f"index {last}"


def accepted_in_words(accepted: Accepted, field_type: str) -> str:
    """What an input accepts: `int, 64 to 2048, a multiple of 8`."""
    parts = []
    if accepted.one is not None:
        parts.append(_one(accepted.one, field_type))
    if accepted.many is not None:
        parts.append(_joined(f"list of {_one(accepted.many.item, field_type)}", range_in_words(accepted.many.limits)))
    if accepted.none:
        parts.append("None")
    return " or ".join(parts)


def _one(one: One, field_type: str) -> str:
    if one.choices:
        listed = ", ".join(map(_quoted, one.choices[:_FEW]))
        return f"one of {listed}" if len(one.choices) <= _FEW else f"one of {len(one.choices)}: {listed}, …"
    if one.base == "ModelInput":
        return models_in_words(one.models)
    name = field_type.rstrip("[]|") if one.base == "JsonValue" else one.base
    return _joined(name, range_in_words(one.limits))


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _quoted(choice: str | float) -> str:
    return f'"{choice}"' if isinstance(choice, str) else repr(choice)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"
