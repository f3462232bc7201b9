"""Names: what a person would call an input, an output, a class, a module.

The first choice for an input is the user's own label, else the node's label and the field, else the field's title.
If that is not unique, `disambiguation` finds words that distinguish inputs. Nothing here depends on the order of a
mapping, and an input named after its own label keeps that name, whatever inputs are next to it.
"""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias
from unicodedata import normalize

from invokable.codegen.naming import spelling
from invokable.codegen.naming.disambiguation import Member, Steps, disambiguate
from invokable.codegen.naming.reserved import RESULT_MEMBERS, WORKFLOW_MEMBERS, is_reserved

__all__ = [
    "RESULT_MEMBERS",
    "WORKFLOW_MEMBERS",
    "NameHints",
    "alias_name",
    "attribute_names",
    "class_name",
    "is_valid_attribute",
    "is_valid_class",
    "misfit_of_attribute",
    "misfit_of_class",
    "module_name",
]

Key: TypeAlias = tuple[str, str]

_IN_SOME_PYTHONS: Final = frozenset(
    (
        *("aifc", "annotationlib", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "compression", "crypt"),
        *("distutils", "imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes"),
        *("profiling", "smtpd", "sndhdr", "spwd", "sre_compile", "sre_constants", "sre_parse", "sunau", "telnetlib"),
        *("uu", "xdrlib"),
    )
)
"""Modules of the standard library that only some supported versions of Python have."""
_MODULES: Final = sys.stdlib_module_names | _IN_SOME_PYTHONS | {"invokable"}
"""Modules that one of the same name would hide, whatever version of Python writes it or imports it."""
_WINDOWS_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")
_POINT: Final = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_MOST: Final = 60  # larger groups are numbered: nobody reads that many names
_ALL: Final = 600  # names for which the workflow is searched, in all
_REMARKS: Final = frozenset(
    "alpha beta broken copy deprecated draft experimental needed needs new note notes old optional please read readme"
    " recommended required requires see select todo untested updated use uses wip".split()
)
"""Words that show that a text in brackets is a remark about the workflow, not part of its name."""


@dataclass(frozen=True, slots=True)
class NameHints:
    """The texts that the name of an input or output can come from, best first."""

    key: Key
    """What is named: (node id, field)."""
    label: str
    """The user's label for the field; may be empty."""
    node: str
    """The node's label, else its title."""
    field: str
    """The schema's title of the field; empty if it is the node's only one."""
    fallback: str
    """The name if no letter is left, such as `input_3`."""
    node_named: bool = False
    """Whether the user wrote the node's label."""
    kind: str = ""
    """The kind of the field. If several of a kind have no label, all of them are qualified."""
    short: str = ""
    """The shorter name to use with a qualifier: an `Output Board` below `FLUX` is the `flux_board`."""

    @property
    def preferred(self) -> str:
        """The text of the first choice."""
        if spelling.words(self.label):
            return self.label
        return spelling.joined(self.node, self.field) if self.node_named else self.field or self.node

    @property
    def bare(self) -> bool:
        """Whether the first choice is only the field's title."""
        return not spelling.words(self.label) and not self.node_named


def attribute_names(
    hints: Sequence[NameHints],
    *,
    fixed: Mapping[Key, str] | None = None,
    reserved: frozenset[str] = WORKFLOW_MEMBERS,
    clues: Callable[[Key], Steps] | None = None,
) -> list[str]:
    """A valid name for each hint, unique after NFKC. Names in `fixed` are used as they are.

    Fixed names come from the configuration, the lock file, or the existing module. `clues` gives more words that
    distinguish an input; it is called only for those that need it.
    """
    fixed = fixed or {}
    names: dict[int, str] = {n: fixed[hint.key] for n, hint in enumerate(hints) if hint.key in fixed}
    taken = {spelling.fold(name) for name in names.values()}
    open_ = [position for position in range(len(hints)) if position not in names]
    groups = _groups([(position, hints[position]) for position in open_], reserved, taken)
    for group in groups:
        if len(group) == 1 and spelling.fold(first := _first_choice(hints[group[0]], reserved)) not in taken:
            names[group[0]] = first
            taken.add(spelling.fold(first))
    searched = 0
    for group in groups:
        if group[0] in names:
            continue
        alike = len({spelling.fold(_first_choice(hints[position], reserved)) for position in group}) == 1
        ask = clues if len(group) <= _MOST and searched + len(group) <= _ALL else None
        searched += len(group)
        members = [_member(position, hints[position], ask, alike) for position in group]
        for member, name in zip(members, disambiguate(members, taken, reserved), strict=True):
            names[member.position] = name
            taken.add(spelling.fold(name))
    return [names[position] for position in range(len(hints))]


def _groups(open_: list[tuple[int, NameHints]], reserved: frozenset[str], taken: set[str]) -> list[list[int]]:
    """The hints in groups to be told apart: those with the same first choice, or those of the kind of a bare one."""
    by_kind: dict[str, list[int]] = {}
    bare: set[str] = set()
    for position, hint in open_:
        if hint.kind and not spelling.words(hint.label):
            by_kind.setdefault(hint.kind, []).append(position)
            if hint.bare:
                bare.add(hint.kind)
    groups: dict[str, list[int]] = {}
    for position, hint in open_:
        together = hint.kind in bare and len(by_kind.get(hint.kind, ())) > 1 and not spelling.words(hint.label)
        key = spelling.fold(spelling.attribute(hint.field, "", reserved) if together else _first_choice(hint, reserved))
        groups.setdefault(key or hint.fallback, []).append(position)
    return [part for group in groups.values() for part in _by_label(group, dict(open_))]


def _by_label(group: list[int], hints: Mapping[int, NameHints]) -> list[list[int]]:
    """A group in two, if a single member has a label of its own: that one keeps it as its name."""
    labelled = [position for position in group if spelling.words(hints[position].label)]
    if len(labelled) != 1 or spelling.asides(hints[labelled[0]].label):
        return [group]
    return [part for part in (labelled, [position for position in group if position not in labelled]) if part]


def _member(position: int, hint: NameHints, clues: Callable[[Key], Steps] | None, alike: bool) -> Member:
    """A hint as a member of its group, which shares the first choice (`alike`) or is of one kind."""
    steps = clues(hint.key) if clues else ([],)
    return Member(
        position=position,
        text=hint.preferred if alike else hint.field or hint.preferred,
        short=hint.short,
        fallback=hint.fallback,
        opened=spelling.opened(hint.preferred) if alike and spelling.asides(hint.preferred) else "",
        steps=(*steps[:1], [hint.node], *steps[1:])
        if hint.node_named or clues is None
        else (*steps[:1], [], *steps[1:]),
    )


def _first_choice(hint: NameHints, reserved: frozenset[str]) -> str:
    return spelling.attribute(hint.preferred, hint.fallback, reserved)


# --- classes and modules ----------------------------------------------------------------------------------------------


def class_name(workflow_name: str, *, fallback: str) -> str:
    """A class name from a workflow's name: `SD1.5 Text to Image` becomes `SD15TextToImage`.

    A remark in brackets, such as `(see note in details)`, is left out.
    """
    for text in (workflow_name, fallback):
        parts = spelling.words(_POINT.sub("", _without_remarks(text)))
        name = spelling.fold("".join(word[0].upper() + word[1:] for word in parts))[: spelling.MAX_LENGTH]
        if name:
            break
    else:
        name = "Workflow"
    if not name.isidentifier():
        name = spelling.fold(f"Workflow{name}")
    return f"{name}Workflow" if is_reserved(name) else name


def _without_remarks(text: str) -> str:
    bare = text
    for aside in spelling.asides(text):
        said = spelling.folded(aside)
        if len(said) > 3 or not _REMARKS.isdisjoint(said):
            bare = bare.replace(f"({aside})", " ").replace(f"[{aside}]", " ")
    return bare if spelling.words(bare) else text


def module_name(stem: str) -> str:
    """A module name from a file's stem: ASCII, lower case, importable on every platform.

    Other scripts are transliterated: `写真` becomes `xiezhen`. A stem that ends up empty or too long gets a digest, so
    that two of them do not share a module.
    """
    normal = normalize("NFC", stem)
    name = re.sub(r"[^a-z0-9]+", "_", _transliterated(normal).lower()).strip("_")
    digest = sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not name:
        return f"workflow_{digest}"
    if len(name) > spelling.MAX_LENGTH:
        name = f"{name[: spelling.MAX_LENGTH - len(digest) - 1].strip('_')}_{digest}"
    if name[0].isdigit():
        return f"workflow_{name}"
    if keyword.iskeyword(name) or _WINDOWS_DEVICES.match(name) or name in _MODULES:
        return f"{name}_workflow"
    return name


def _transliterated(text: str) -> str:
    if text.isascii():
        return text  # no need to load the tables
    from anyascii import anyascii

    return anyascii(text)


def alias_name(attribute: str, taken: Collection[str]) -> str:
    """The name of the type alias for an attribute's choices: `blur_type` becomes `BlurType`."""
    base = spelling.fold("".join(part[:1].upper() + part[1:] for part in attribute.split("_"))) or "Choice"
    if not base.isidentifier():
        base = f"Choice{base}"
    number, name = 1, base
    while name in taken or is_reserved(name):
        name = f"{base}Choice" if number == 1 else f"{base}Choice{number}"
        number += 1
    return name


def is_valid_attribute(name: str, reserved: frozenset[str] = WORKFLOW_MEMBERS) -> bool:
    """Whether a name from a configuration or lock file can be an attribute."""
    return not misfit_of_attribute(name, reserved)


def is_valid_class(name: str) -> bool:
    """Whether a name from a configuration or lock file can be a class."""
    return not misfit_of_class(name)


def misfit_of_attribute(name: str, reserved: frozenset[str] = WORKFLOW_MEMBERS) -> str:
    """Why a name cannot be an attribute, such as `is a keyword of Python`; empty if it can."""
    return _misfit(name) or ("is taken by the base class" if name in reserved else "")


def misfit_of_class(name: str) -> str:
    """Why a name cannot be a class; empty if it can."""
    return _misfit(name) or ("begins with a lower-case letter" if name[0].islower() else "")


def _misfit(name: str) -> str:
    if not name.isidentifier() or normalize("NFKC", name) != name:
        return "is not an identifier"
    if name.startswith("_"):
        return "begins with an underscore"
    if keyword.iskeyword(name):
        return "is a keyword of Python"
    return "has a meaning of its own in generated modules" if is_reserved(name) else ""
