"""Authors: what the author of a workflow wrote about an input; docstrings use this first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from invokable.codegen.typing.words import cut
from invokable.workflow.headings import surroundings

if TYPE_CHECKING:
    from invokable.workflow import FormInput, Reading

_MOST: Final = 400  # characters of a text
_TOTAL: Final = 800


def authors_words(reading: Reading) -> dict[int, tuple[str, ...]]:
    """What the author wrote about each input, by index: description, texts above it in the form, notes of its node.

    Each text is a single line and repeats no earlier one; long texts are cut. Descriptions from the schema are not
    included.
    """
    around = surroundings(reading.outline)
    nodes = {node.id: node for node in reversed(reading.workflow.invocations())}
    found: dict[int, tuple[str, ...]] = {}
    for item in reading.inputs:
        node = nodes.get(item.node_id)
        entry = node.inputs.get(item.field) if node else None
        texts = around[item.index].texts if item.index in around else ()
        pieces = [entry.description if entry else "", *texts, node.notes if node else ""]
        found[item.index] = tuple(_bounded(pieces, item))
    return found


def _bounded(pieces: list[str], item: FormInput) -> list[str]:
    kept: list[str] = []
    left = _TOTAL
    for piece in pieces:
        text = cut(" ".join(piece.split()), min(_MOST, left))
        if text and text != item.label and not any(text.casefold() in other.casefold() for other in kept):
            kept.append(text)
            left -= len(text)
    return kept
