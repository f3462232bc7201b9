"""Lock: the names of modules, kept for projects that do not commit the modules themselves.

    "flows/portrait.json".class = "Portrait"
    "flows/portrait.json".inputs."7be1c2d4"."value" = "prompt"
    "flows/portrait.json".outputs."3f0a77be"."image" = "edges"

Each line is one complete name: the workflow's file, what is named, node id and field. Lines are sorted, so that two
branches rarely change the same place, and keeping the lines of both sides is always the right merge. A name is in the
file as long as its input or output is in the workflow; the name of a removed one is free for others. The file is TOML,
but it is read line by line, and everything in it is checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from types import MappingProxyType
from typing import Final, TypeAlias

from invokable.codegen.naming.names import RESULT_MEMBERS, WORKFLOW_MEMBERS, Key, misfit_of_attribute, misfit_of_class

_Key: TypeAlias = tuple[str, ...]
"""What is named in a workflow: its class, or an input or output with its node and field."""
_CLASS: Final[_Key] = ("class",)
_NONE: Final[Mapping[Key, str]] = MappingProxyType({})
"""Shared by all workflows that have no inputs or no outputs."""

HEADER: Final = (
    "# The names that invokable gave to classes, inputs and outputs. Commit this file; to merge it, keep all lines.\n"
)
MAX_LENGTH: Final = 20_000_000
"""The maximum length of a lock file, in characters."""

_TEXT: Final = r'"(?:[^"\\\x00-\x1f\x7f]|\\(?:["\\bfnrt]|u[0-9A-Fa-f]{4}))*"'
_LINE: Final = re.compile(
    rf"(?P<source>{_TEXT})\.(?:class|(?P<kind>inputs|outputs)\.(?P<node>{_TEXT})\.(?P<field>{_TEXT}))"
    rf" = (?P<name>{_TEXT})"
)
_ANY_LINE: Final = re.compile(r"([^\n]*)(?:\n|\Z)")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSEEN: Final = re.compile("[\x7f-\x9f\u2028\u2029]")  # TOML forbids the first; editors break lines at the others
_CONFLICT: Final = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class LockError(Exception):
    """The text is not a valid lock file. The message is one line; `line` is the line number."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a module's class, inputs and outputs."""

    class_name: str | None = None
    inputs: Mapping[Key, str] = field(default_factory=dict)
    """By (node id, field)."""
    outputs: Mapping[Key, str] = field(default_factory=dict)

    def over(self, others: Names) -> Names:
        """These names, completed with the others."""
        return Names(
            self.class_name or others.class_name,
            _over(self.inputs, others.inputs),
            _over(self.outputs, others.outputs),
        )


def _over(names: Mapping[Key, str], others: Mapping[Key, str]) -> dict[Key, str]:
    taken = set(names.values())
    return {key: name for key, name in others.items() if name not in taken} | dict(names)


def read_lock(text: str) -> dict[str, Names]:
    """The names in a lock file, by the path of the workflow file. Raises LockError.

    The concatenated texts of two branches give the names of both; if they disagree about a name, that is an error.
    """
    if len(text) > MAX_LENGTH:
        raise LockError(1, f"more than {MAX_LENGTH:,} characters")
    classes: dict[str, str] = {}
    found: dict[str, dict[_Key, str]] = {}
    for number, source, key, name in _entries(text):
        other = (
            classes.setdefault(source, name) if key == _CLASS else found.setdefault(source, {}).setdefault(key, name)
        )
        if other != name:
            where = next(line for line, *entry, _ in _entries(text) if entry == [source, key])
            raise LockError(number, f"{name!r} here is {other!r} in line {where}; delete one of the lines")
    if any(_has_twice(names) for names in found.values()):
        raise _taken(text)
    return {
        source: _names(classes.pop(source, None), found.pop(source, {}))
        for source in (*classes, *(source for source in found if source not in classes))
    }


def _has_twice(names: Mapping[_Key, str]) -> bool:
    """Whether two inputs, or two outputs, of a workflow have the same name."""
    return len(names) > 1 and len({(key[0], name) for key, name in names.items()}) < len(names)


def _taken(text: str) -> LockError:
    """The error about the first name in a file that another line has already taken."""
    owners: dict[tuple[str, str, str], tuple[_Key, int]] = {}
    for number, source, key, name in _entries(text):
        owner, line = owners.setdefault((source, key[0], name), (key, number))
        if owner != key:
            return LockError(number, f"{name!r} is already taken in line {line}; rename one of them")
    raise AssertionError("no name is taken twice")


def write_lock(names: Mapping[str, Names]) -> str:
    """The text of a lock file: the same for the same names in any order.

    Names whose id contains a lone surrogate are left out, because it cannot be written.
    """
    lines = [line for source, of_one in names.items() for line in locked_lines(source, of_one)]
    return HEADER + "".join(f"{line}\n" for line in sorted(lines))


def locked_lines(source: str, names: Names) -> list[str]:
    """The lines of a lock file that hold the names of one workflow."""
    return sorted(line for line in _lines(source, names) if not _SURROGATE.search(line))


def changes(before: Names, after: Names) -> list[str]:
    """What has been renamed, one line each: `the input 'prompt' is now 'positive_prompt'`."""
    lines = []
    if before.class_name and after.class_name and before.class_name != after.class_name:
        lines.append(f"the class {before.class_name!r} is now {after.class_name!r}")
    for kind, old, new in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        lines += [f"the {kind} {old[key]!r} is now {new[key]!r}" for key in new if old.get(key, new[key]) != new[key]]
    return lines


def _entries(text: str) -> Iterator[tuple[int, str, _Key, str]]:
    """The number, workflow file, key and name of each line that has a name."""
    for number, match in enumerate(_ANY_LINE.finditer(text), start=1):
        line = match[1].removesuffix("\r")
        if line.startswith(_CONFLICT):
            raise LockError(number, "found conflict markers; delete them and keep the lines of both sides")
        if line.strip() and not line.startswith("#"):
            yield number, *_parsed(number, line)


def _parsed(number: int, line: str) -> tuple[str, _Key, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise LockError(number, f'found {line[:30]!r}, expected "FILE".class = "Name" or the like')
    source, name = _unquoted(number, match["source"]), _unquoted(number, match["name"])
    kind = intern(match["kind"] or "class")
    key: _Key = _CLASS
    if kind == "class":
        misfit = misfit_of_class(name)
    else:
        misfit = misfit_of_attribute(name, WORKFLOW_MEMBERS if kind == "inputs" else RESULT_MEMBERS)
        key = (kind, _unquoted(number, match["node"]), intern(_unquoted(number, match["field"])))
    if misfit:
        what = "class" if kind == "class" else "attribute"
        raise LockError(number, f"{name[:30]!r} is not a valid {what} name: it {misfit}")
    return source, key, name


def _unquoted(number: int, quoted: str) -> str:
    text: str = json.loads(quoted)
    if _SURROGATE.search(text):
        raise LockError(number, "found a lone surrogate")
    return text


def _names(class_name: str | None, found: Mapping[_Key, str]) -> Names:
    inputs, outputs = (
        {(key[1], key[2]): name for key, name in found.items() if key[0] == kind} or _NONE
        for kind in ("inputs", "outputs")
    )
    return Names(class_name, inputs, outputs)


def _lines(source: str, names: Names) -> Iterator[str]:
    start = _quoted(source)
    if names.class_name:
        yield f"{start}.class = {_quoted(names.class_name)}"
    for kind, attributes in (("inputs", names.inputs), ("outputs", names.outputs)):
        for (node_id, name), attribute in attributes.items():
            yield f"{start}.{kind}.{_quoted(node_id)}.{_quoted(name)} = {_quoted(attribute)}"


def _quoted(text: str) -> str:
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
