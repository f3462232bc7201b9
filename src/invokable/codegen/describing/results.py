"""Results: the descriptions of outputs: their node, the heading above it in the form, and what they feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invokable.codegen.describing.descriptions import under
from invokable.codegen.describing.destinations import joined, node_name
from invokable.workflow.feeding import Feeding
from invokable.workflow.headings import one_line, surroundings

if TYPE_CHECKING:
    from invokable.codegen.plan import PlannedInput, PlannedOutput
    from invokable.workflow import Reading


class Results:
    """The descriptions of a workflow's outputs."""

    def __init__(self, reading: Reading, inputs: Sequence[PlannedInput], *, title: str) -> None:
        self._reading = reading
        self._shown: dict[str, list[PlannedInput]] = {}
        for planned in inputs:
            self._shown.setdefault(planned.item.node_id, []).append(planned)
        self._title = title
        self._around = surroundings(reading.outline)
        self._feeding = Feeding(reading)
        self._nodes = {node.id: node for node in reversed(reading.workflow.invocations())}

    def of(self, planned: PlannedOutput) -> str:
        """`Card (Save Image), under "Output", saved to `board`; also feeds Canny Edge Detection`."""
        output = planned.output
        label = one_line(output.node_label)
        described = label or output.node_title
        if described != output.node_title:
            described += f" ({output.node_title})"
        if not output.sole:
            described += f": {output.field_title}"
        described += self._below(output.node_id) + self._filed(output.node_id)
        if output.many:
            described += "; one per run of the batch" if self._reading.batches else "; one per item"
        return described + self._onward(output.node_id, output.field)

    def _below(self, node_id: str) -> str:
        """The nearest heading above the node's first field in the form."""
        shown = self._shown.get(node_id)
        return under(self._around.get(shown[0].item.index), title=self._title) if shown else ""

    def _filed(self, node_id: str) -> str:
        boards = (p for p in self._shown.get(node_id, ()) if p.item.template.type.name == "BoardField")
        board = next(boards, None)
        return f", saved to `{board.attribute}`" if board else ""

    def _onward(self, node_id: str, field: str) -> str:
        """The nodes that an output feeds."""
        nodes = dict.fromkeys(fed.node.id for fed in self._feeding.fed_from(node_id, field))
        names = [node_name(self._nodes[other], self._reading.schema) for other in nodes]
        return f"; also feeds {joined(names)}" if names else ""
