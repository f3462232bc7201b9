"""Hints: the texts that names of inputs and outputs can be made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from invokable.codegen.naming.clues import Clues, is_plain_board, without_verb
from invokable.codegen.naming.names import RESULT_MEMBERS, Key, NameHints, attribute_names
from invokable.contract.settings import SETTINGS_FIELDS

if TYPE_CHECKING:
    from invokable.workflow import FormInput, Reading
    from invokable.workflow.outputs import FoundOutput

_KINDS: Final = {
    "BooleanField": "value",
    "ColorField": "color",
    "FloatField": "value",
    "ImageField": "image",
    "IntegerField": "value",
    "LatentsField": "latents",
    "StringField": "text",
    "VideoField": "video",
}
"""The names of unlabelled outputs, by type; others are named after their field."""
_LISTS: Final = {"image": "image collection", "video": "video collection"}  # `images` is taken in every result


def choose_names(
    reading: Reading, outputs: Sequence[FoundOutput], *, inputs: Mapping[Key, str], outputs_fixed: Mapping[Key, str]
) -> tuple[list[str], list[str]]:
    """The attribute names of a workflow's inputs and outputs. Fixed names are kept."""
    clues = Clues(reading)
    by_key = {(output.node_id, output.field): output for output in outputs}
    output_names = attribute_names(
        [_output_hints(output, number) for number, output in enumerate(outputs)],
        fixed=outputs_fixed,
        reserved=RESULT_MEMBERS,
        clues=lambda key: clues.of_output(by_key[key]),
    )
    clues.output_names = {o.node_id: name for o, name in zip(outputs, output_names, strict=True) if o.sole}
    input_names = attribute_names(
        [_input_hints(item, reading) for item in reading.inputs], fixed=inputs, clues=clues.of_input
    )
    return input_names, output_names


def _input_hints(item: FormInput, reading: Reading) -> NameHints:
    template = reading.schema.nodes[item.node_type]
    sole = template.inputs.keys() - {"board", "metadata"} == {item.field}
    named = bool(item.node_label.strip())
    # The title of a generator's settings is only that of their first: "Generator Type".
    title = "" if item.template.type.name in SETTINGS_FIELDS else item.template.title
    return NameHints(
        key=(item.node_id, item.field),
        label=item.user_label,
        node=without_verb(item.node_label) if named else item.node_title,
        field="" if sole and named else title or item.field,
        fallback=f"input_{item.index}",
        node_named=named,
        kind=f"{item.node_type}.{item.field}",
        short="Board" if item.template.type.name == "BoardField" and is_plain_board(item.user_label) else "",
    )


def _output_hints(output: FoundOutput, number: int) -> NameHints:
    named = bool(output.node_label.strip())
    return NameHints(
        key=(output.node_id, output.field),
        label=output.node_label if named and output.sole else "",
        node=output.node_label if named else "",
        field=_kind(output) if output.sole else output.field_title,
        fallback=f"output_{number}",
        node_named=named and not output.sole,
    )


def _kind(output: FoundOutput) -> str:
    kind = _KINDS.get(output.type.name)
    if kind is None:
        return output.field
    return kind if output.type.cardinality == "SINGLE" else _LISTS.get(kind, f"{kind}s")
