"""Clues: where to find words in a workflow that distinguish its inputs or outputs.

    form:  headings above the field, labels of its neighbours on the same node
    graph: what the node feeds, what feeds it, its model family
    node:  its title, that of the labelled field, its id if a person chose it, the values chosen on it: models, short
           texts, settings

Titles come from the newest bundled schema, so that names do not depend on the schema's version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from invokable.codegen.naming import spelling
from invokable.codegen.naming.disambiguation import Steps
from invokable.contract.fields import BOARD_WORDS, MEDIA
from invokable.schema import load, versions
from invokable.workflow.headings import Surroundings, surroundings

if TYPE_CHECKING:
    from invokable.workflow import FormInput, Reading
    from invokable.workflow.model import InvocationNode
    from invokable.workflow.outputs import FoundOutput

_FAR: Final = 40  # nodes visited up or down the graph
_LONG: Final = 4  # words of a text that still qualifies
_FILLER: Final = frozenset({"board", "output", "outputs", "result", "results", "save", "to"})
_GENERAL: Final = frozenset(
    "advanced basic configuration controls dimensions general generation image images input inputs main misc model"
    " models optional options other output outputs parameters prompt prompts required sampling settings setup size"
    " video videos".split()
)
"""Words of headings that only divide a form; a last resort."""
_LESS: Final = frozenset({"collection", "conditioning", "input", "item", "items", "value", "values"})
"""Words of a fed field that add nothing: `positive` is enough for `positive_conditioning`."""
_ENDINGS: Final = frozenset(
    {"detection", "estimation", "generation", "image", "images", "loader", "model", "primitive"}
)
_VERBS: Final = frozenset({"apply", "choose", "load", "pick", "select", "set"})
_PARTICIPLES: Final = {
    "adjust": "adjusted",
    "blend": "blended",
    "blur": "blurred",
    "combine": "combined",
    "concatenate": "concatenated",
    "convert": "converted",
    "crop": "cropped",
    "enhance": "enhanced",
    "inpaint": "inpainted",
    "latents": "decoded",
    "merge": "merged",
    "paste": "pasted",
    "resize": "resized",
    "save": "saved",
    "scale": "scaled",
    "upscale": "upscaled",
}
_CHOSEN_ID: Final = re.compile(r"[A-Za-z]{1,16}\d{0,3}(?:[ ._-][A-Za-z0-9]{1,16}){0,3}")


class Clues:
    """The clues in one workflow."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._by_field = {(item.node_id, item.field): item for item in reading.inputs}
        self._shown: dict[str, list[FormInput]] = {}
        for item in reading.inputs:
            self._shown.setdefault(item.node_id, []).append(item)
        self.output_names: dict[str, str] = {}
        """The result attributes by node id; boards are named after them."""

    def of_input(self, key: tuple[str, str]) -> Steps:
        """Where to look for words that distinguish an input."""
        item = self._by_field[key]
        board = item.template.type.name == "BoardField"
        model = item.template.type.name == "ModelIdentifierField"
        headings = [_trimmed(text) if board else text for text in self._headings(item)]
        node = self._nodes.get(item.node_id)
        return (
            [text for text in headings if not _is_general(text)],
            [] if spelling.words(item.user_label) else self._neighbours(item),
            [self._stripped_output(item.node_id)] if board else [],
            _families(self._title(item.node_type)),
            list(self._labels_below(item.node_id)),
            [] if model else list(self._fields_below(item.node_id)),  # they take parts of the model: CLIP, VAE
            list(self._labels_above(item.node_id)),
            [text for text in headings if _is_general(text)],
            [_plain_title(self._title(item.node_type))],
            list(self._titles_above(item.node_id)),
            [item.template.title] if spelling.words(item.user_label) else [],
            [node.id] if node and _is_chosen(node.id) else [],
            list(self._choices(item.node_id)),
        )

    def of_output(self, output: FoundOutput) -> Steps:
        """Where to look for words that distinguish an output."""
        board = self._board(output.node_id)
        title = self._title(output.node_type)
        headings = [_trimmed(text) for text in ([board.user_label, *self._headings(board)] if board else [])]
        return (
            [text for text in headings if not _is_general(text)],
            [_look(title) if output.type.name in MEDIA else _plain_title(title)],
            _families(title),
            list(self._labels_above(output.node_id)),
            list(self._titles_above(output.node_id)),
            [output.node_id] if _is_chosen(output.node_id) else [],
            list(self._choices(output.node_id)),
        )

    # --- the form

    @cached_property
    def _surroundings(self) -> dict[int, Surroundings]:
        return surroundings(self._reading.outline)

    def _headings(self, item: FormInput) -> list[str]:
        """The short headings above a field, nearest first."""
        found = self._surroundings.get(item.index, Surroundings()).headings
        return [text for text in reversed(found) if _is_short(text)]

    def _neighbours(self, item: FormInput) -> list[str]:
        """The labels of the other fields that the form shows of the same node."""
        return [
            other.user_label
            for other in self._shown[item.node_id]
            if other.field != item.field and _is_short(other.user_label)
        ]

    def _board(self, node_id: str) -> FormInput | None:
        shown = self._shown.get(node_id, ())
        return next((item for item in shown if item.template.type.name == "BoardField"), None)

    def _stripped_output(self, node_id: str) -> str:
        name = self.output_names.get(node_id, "")
        return re.sub(r"_?(image|video)_?$", "", name)

    # --- the graph

    @cached_property
    def _nodes(self) -> dict[str, InvocationNode]:
        return {node.id: node for node in reversed(self._reading.workflow.invocations())}

    @cached_property
    def _edges(self) -> tuple[dict[str, list[tuple[str, str]]], dict[str, list[tuple[str, str]]]]:
        """The nodes before and after each node, with the fed field, in file order."""
        before: dict[str, list[tuple[str, str]]] = {}
        after: dict[str, list[tuple[str, str]]] = {}
        for edge in self._reading.workflow.edges:
            if edge.type == "default":
                before.setdefault(edge.target, []).append((edge.source, edge.target_handle))
                after.setdefault(edge.source, []).append((edge.target, edge.target_handle))
        return before, after

    def _walk(self, start: str, edges: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
        """The nodes reached, nearest first, each with the field of the edge that led to it."""
        seen, queue = {start}, [start]
        for node_id in queue:
            for other, handle in edges.get(node_id, ()):
                if other not in seen and len(queue) <= _FAR:
                    seen.add(other)
                    queue.append(other)
                    yield other, handle

    def _labels_above(self, node_id: str) -> Iterator[str]:
        """What people wrote on the fields of the node and on the nodes before it."""
        yield from self._field_labels(node_id)
        for other, _ in self._walk(node_id, self._edges[0]):
            yield from self._labels_of(other)

    def _labels_below(self, node_id: str) -> Iterator[str]:
        for other, _ in self._walk(node_id, self._edges[1]):
            yield from self._labels_of(other, inputs=False)

    def _labels_of(self, node_id: str, *, inputs: bool = True) -> Iterator[str]:
        """What a person wrote about a node: its label, and those of its fields in the form."""
        node = self._nodes.get(node_id)
        if node is None:
            return
        found = [node.label, *(self._field_labels(node_id) if inputs else ())]
        yield from (text for text in map(without_verb, found) if _is_short(text))

    def _field_labels(self, node_id: str) -> list[str]:
        """What people wrote on the fields of a node, whether the form shows them or not."""
        node = self._nodes.get(node_id)
        return [entry.label for entry in node.inputs.values() if _is_short(entry.label)] if node else []

    def _titles_above(self, node_id: str) -> Iterator[str]:
        for other, _ in self._walk(node_id, self._edges[0]):
            if node := self._nodes.get(other):
                title = self._title(node.type)
                yield from _families(title)
                yield _without_endings(_plain_title(title))

    def _fields_below(self, node_id: str) -> Iterator[str]:
        """What the node feeds: `positive` for a prompt that ends in `positive_conditioning`."""
        for _, handle in self._walk(node_id, self._edges[1]):
            kept = [word for word in handle.split("_") if word not in _LESS]
            yield " ".join(kept)

    def _choices(self, node_id: str) -> Iterator[str]:
        """Values chosen on the node or before it: an operation, a model, a short text, a generator's settings."""
        for other in (node_id, *(reached for reached, _ in self._walk(node_id, self._edges[0]))):
            if node := self._nodes.get(other):
                for entry in node.inputs.values():
                    yield from _chosen(entry.value)

    def _title(self, node_type: str) -> str:
        newest = load(versions()[-1]).nodes.get(node_type) or self._reading.schema.nodes.get(node_type)
        return newest.title if newest else ""


def without_verb(label: str) -> str:
    """A node's label without its verb: `Apply Lightning LoRA` becomes `Lightning LoRA`."""
    first, _, rest = label.strip().partition(" ")
    return rest.strip() if first.casefold() in _VERBS and spelling.words(rest) else label


def _families(title: str) -> list[str]:
    """The model family in a node's title, such as `Main Model - SDXL`; empty if there are several."""
    _, dash, family = title.partition(" - ")
    return [family] if dash and "," not in family and _is_short(family) else []


@lru_cache(maxsize=1024)
def _plain_title(title: str) -> str:
    plain = spelling.words(spelling.without_asides(title.partition(" - ")[0]))
    return " ".join(plain[:-1] if len(plain) > 1 and plain[-1] == "Primitive" else plain)


def _chosen(value: object) -> Iterator[str]:
    """What a person would call a chosen value; nothing for plain numbers."""
    match value:
        case str() if value not in BOARD_WORDS and _is_short(value):
            yield value
        case list() if len(value) <= _LONG and all(isinstance(entry, str) for entry in value):
            yield from filter(_is_short, [" ".join(value)])
        case {"image_name": str(name)} if _is_chosen(stem := name.rpartition(".")[0] or name):
            yield stem
        case {"name": str(name), "base": str()} if _is_short(name):
            yield name
        case {"type": str(kind), **settings} if "_generator_" in kind:
            kind = kind.partition("_generator_")[2].replace("_", " ")
            yield kind
            yield from (f"{key} {said} {kind}" for key, setting in settings.items() if (said := _in_words(setting)))


def _in_words(setting: object) -> str:
    """A setting as part of a name; empty unless it is a number, a short text, or a short list of these."""
    match setting:
        case int() | float():
            return f"minus {-setting}" if setting < 0 else str(setting)
        case list():
            said = " ".join(map(_in_words, setting[: _LONG + 1]))  # one more than allowed
            return said if _is_short(said) else ""
        case str() if _is_short(setting):
            return setting
        case _:
            return ""


def _look(title: str) -> str:
    """What a node made of an image: `pasted` for `Paste Image`, `Canny Edge` for `Canny Edge Detection`."""
    plain = _plain_title(title)
    first = plain.partition(" ")[0].lower()
    return _PARTICIPLES.get(first) or _without_endings(plain)


def _without_endings(title: str) -> str:
    parts = title.split()
    while len(parts) > 1 and parts[-1].lower() in _ENDINGS:
        parts.pop()
    return " ".join(parts)


def _trimmed(text: str) -> str:
    """A text about a board without its redundant words."""
    return " ".join(word for word in spelling.words(text) if word.lower() not in _FILLER)


def is_plain_board(label: str) -> bool:
    """Whether a label only says that it is the board of an output."""
    return not spelling.words(_trimmed(label))


def _is_general(text: str) -> bool:
    return all(word in _GENERAL for word in spelling.folded(text))


@lru_cache(maxsize=4096)
def _is_short(text: str) -> bool:
    return 0 < len(spelling.words(spelling.without_asides(text))) <= _LONG


def _is_chosen(node_id: str) -> bool:
    """Whether a person, not the editor, chose an id."""
    return len(node_id) <= 40 and bool(_CHOSEN_ID.fullmatch(node_id)) and not _is_random(node_id)


def _is_random(node_id: str) -> bool:
    """Whether an id has a long run of hexadecimal digits or of mixed letters and digits."""
    runs: Iterable[str] = re.findall(r"[A-Za-z0-9]+", node_id)
    return any(len(run) >= 6 and (re.fullmatch(r"[0-9a-f]+", run) or re.search(r"\d[A-Za-z]", run)) for run in runs)
