"""Names: what a person would call an input, an output, a class, a module.

Input names come from the field's own label, else from the node's label and the field, else from the schema's title;
names that collide are distinguished by what the labels say in brackets, then by their node, then by number. Nothing
here depends on the order of a mapping.
"""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from unicodedata import normalize

WORKFLOW_MEMBERS = frozenset({"copy", "from_dict", "replace", "to_dict"})
"""Public names of `invokable.runtime.Workflow`, which no input may take (a test compares them)."""
RESULT_MEMBERS = frozenset({"batch_id", "images", "item_ids", "videos"})
"""Public names of `invokable.runtime.WorkflowResult`, which no output may take (a test compares them)."""

_MODULE_NAMES = frozenset({"annotations", "dataclass", "field"})
_BUILTINS = frozenset(dir(builtins))
_MAX_LENGTH = 60
_MAX_READ = 1_000  # characters of a label; a name has room for fewer
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")  # "CFG scale (1-20)" is cfg_scale
_NO_BRACKETS = str.maketrans("()[]", "    ")
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")


@dataclass(frozen=True, slots=True)
class NameHints:
    """Where the name of one input or output can come from, best first."""

    key: tuple[str, str]
    """What the name belongs to: (node id, field)."""
    own: str
    """The user's label of the field; empty where there is none."""
    node: str
    """The node's label, else its title."""
    field: str
    """The schema's title of the field; empty when the node has only this one to set."""
    fallback: str
    """The name when no letter is left, such as `input_3`."""
    node_named: bool = False
    """The node's label was written by the user."""


def attribute_names(
    hints: Sequence[NameHints],
    *,
    fixed: dict[tuple[str, str], str] | None = None,
    reserved: frozenset[str] = WORKFLOW_MEMBERS,
) -> list[str]:
    """One valid name for each hint, unique after NFKC. Names in `fixed` are taken as they are.

    Fixed names are those of the configuration, or of the module that is regenerated.
    """
    fixed = fixed or {}
    names: list[str | None] = [fixed.get(hint.key) for hint in hints]
    taken = {_fold(name) for name in names if name is not None}
    open_ = [position for position, name in enumerate(names) if name is None]
    for candidates in (_first_choice, _with_brackets, _with_node):
        proposals = {position: candidates(hints[position], reserved) for position in open_}
        counts = Counter(map(_fold, proposals.values()))
        for position, proposal in proposals.items():
            if counts[_fold(proposal)] == 1 and _fold(proposal) not in taken:
                names[position] = proposal
        taken |= {_fold(name) for name in names if name is not None}
        open_ = [position for position in open_ if names[position] is None]
    numbers: dict[str, int] = {}
    for position in open_:
        choice = _first_choice(hints[position], reserved)
        names[position] = name = _numbered(choice, lambda name: _fold(name) in taken, numbers)
        taken.add(_fold(name))
    return [name for name in names if name is not None]


def class_name(workflow_name: str, *, fallback: str) -> str:
    """A class name out of a workflow's name: `SD1.5 Text to Image` becomes `SD15TextToImage`."""
    for text in (workflow_name, fallback):
        words = _words(text.replace(".", ""))
        name = "".join(word[0].upper() + word[1:] for word in words)[:_MAX_LENGTH]
        if name:
            break
    else:
        name = "Workflow"
    if not name.isidentifier():
        name = f"Workflow{name}"
    return f"{name}Workflow" if name in _CLASS_NAMES or _is_reserved(name) else name


def module_name(stem: str) -> str:
    """A module name out of a file's stem: ASCII, lower case, importable on every platform."""
    ascii_stem = normalize("NFKD", stem.casefold()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", ascii_stem.lower()).strip("_")[:_MAX_LENGTH].strip("_")
    if not name:
        return "workflow"
    if name[0].isdigit():
        return f"workflow_{name}"
    if keyword.iskeyword(name) or _WINDOWS_DEVICES.match(name) or name in sys.stdlib_module_names:
        return f"{name}_workflow"
    return name


def alias_name(attribute: str, taken: Collection[str]) -> str:
    """The name of the type alias that holds an attribute's choices: `blur_type` becomes `BlurType`."""
    base = "".join(part[:1].upper() + part[1:] for part in attribute.split("_")) or "Choice"

    def is_taken(name: str) -> bool:
        return name in taken or name in _CLASS_NAMES or name in _BUILTINS

    return _numbered(f"{base}Choice", is_taken, {}, separator="") if is_taken(base) else base


def is_valid_attribute(name: str, reserved: frozenset[str] = WORKFLOW_MEMBERS) -> bool:
    """Whether a name out of a configuration can be an attribute."""
    return (
        name.isidentifier()
        and normalize("NFKC", name) == name
        and not name.startswith("_")
        and not _is_reserved(name)
        and name not in reserved
    )


def is_valid_class(name: str) -> bool:
    """Whether a name out of a configuration can be that of the class."""
    return (
        name.isidentifier()
        and name[0].isupper()
        and normalize("NFKC", name) == name
        and not keyword.iskeyword(name)
        and name not in _CLASS_NAMES
        and name not in _BUILTINS
    )


_CLASS_NAMES = frozenset(
    "AllPrompts Annotated Any Board BoardImages BoardInput Color Final FloatGenerator FloatRandom FloatRange "
    "FloatSequence FloatText Ge Gt Image ImageGenerator ImageInput Index IntegerGenerator IntegerRandom "
    "IntegerRange IntegerSequence IntegerText JsonValue Le Len Literal LoRA Lt Model ModelFilter ModelInput "
    "Models MultipleOf None RandomPrompts Result StringGenerator StringText StylePreset TypeAlias Video "
    "VideoInput Workflow WorkflowResult".split()
)
"""Names that a generated module imports or defines."""


def _first_choice(hint: NameHints, reserved: frozenset[str]) -> str:
    return _safe(_said(hint), hint.fallback, reserved)


def _with_brackets(hint: NameHints, reserved: frozenset[str]) -> str:
    """With what stands in brackets, which names leave out where they can: `Model (high noise)`."""
    return _safe(_said(hint).translate(_NO_BRACKETS), hint.fallback, reserved)


def _said(hint: NameHints) -> str:
    if hint.own:
        return hint.own
    return _joined(hint.node, hint.field) if hint.node_named else hint.field or hint.node


def _with_node(hint: NameHints, reserved: frozenset[str]) -> str:
    return _safe(_joined(hint.node, hint.own or hint.field), hint.fallback, reserved)


def _joined(node: str, field: str) -> str:
    """The node's label and the field, unless the label ends with the field: `Positive Prompt` has a `Prompt`."""
    return node if f" {node}".casefold().endswith(f" {field}".casefold()) else f"{node} {field}"


def _safe(text: str, fallback: str, reserved: frozenset[str]) -> str:
    words: list[str] = []
    for word in _words(_ASIDE.sub(" ", text)) or _words(text):
        lowered = normalize("NFKC", word.lower())
        if words and len("_".join([*words, lowered])) > _MAX_LENGTH:
            break
        words.append(lowered)
    name = "_".join(words)[:_MAX_LENGTH].strip("_")
    if not name:
        return fallback
    if not name.isidentifier():
        name = f"{fallback.rpartition('_')[0]}_{name}"
    if not name.isidentifier():
        return fallback
    return f"{name}_" if _is_reserved(name) or name in reserved else name


def _words(text: str) -> list[str]:
    """The runs of letters and digits, after NFKC, within the BMP: beyond it Python versions differ."""
    normal = normalize("NFKC", text[:_MAX_READ])
    kept = "".join(c if c < "\U00010000" and c != "_" and f"a{c}".isidentifier() else " " for c in normal)
    return [word for word in kept.split() if word]


def _is_reserved(name: str) -> bool:
    return keyword.iskeyword(name) or name in _BUILTINS or name in _MODULE_NAMES


def _fold(name: str) -> str:
    return normalize("NFKC", name)


def _numbered(base: str, is_taken: Callable[[str], bool], numbers: dict[str, int], separator: str = "_") -> str:
    """The name, with a number where it is taken. `numbers` remembers where the search for each name has come to."""
    if not is_taken(base):
        return base
    base = base.rstrip("_")
    number = numbers.get(base, 2)
    while is_taken(f"{base}{separator}{number}"):
        number += 1
    numbers[base] = number
    return f"{base}{separator}{number}"
