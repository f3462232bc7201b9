"""The names in the workflows of the corpus, each as (workflow, kind, node id, field, name).

`python -m tests.codegen.names_of_corpus` prints them, as in the `after` column of names_of_corpus.tsv.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from invokable.codegen import ModulePlan, Options, plan_document
from invokable.schema import load
from invokable.workflow import WorkflowFileError, read_document
from tests.examples import SHARED, WORKFLOWS

CORPUS = SHARED / "corpus"
TABLE = Path(__file__).with_suffix(".tsv")


class Row(NamedTuple):
    """A name in the table."""

    workflow: str
    kind: str
    node_id: str
    field: str
    name: str


def plans() -> Iterator[tuple[str, ModulePlan]]:
    """The plan of each workflow that the editor loads, by the name of its folder or file."""
    schema = load("6.14.2")
    for path in [*sorted(CORPUS.glob("*/workflow.json")), *sorted(WORKFLOWS.glob("*.json"))]:
        slug = path.parent.name if path.name == "workflow.json" else path.stem
        try:
            document = read_document(path.read_bytes())
            yield slug, plan_document(document, schema, source=f"{slug}.json", options=Options(lenient=True))
        except WorkflowFileError:
            continue


def rows_of(slug: str, plan: ModulePlan) -> Iterator[Row]:
    """The rows of one workflow."""
    yield Row(slug, "class", "", "", plan.class_name)
    for planned in plan.inputs:
        yield Row(slug, "input", planned.item.node_id, planned.item.field, planned.attribute)
    for output in plan.outputs:
        yield Row(slug, "output", output.output.node_id, output.output.field, output.attribute)


def is_numbered(name: str, said: tuple[str, ...]) -> bool:
    """Whether a name ends in a number that nobody wrote."""
    match = re.fullmatch(r".*?_(\d+)_?", name)
    return bool(match) and not any(re.search(rf"(?<!\d){match[1]}(?!\d)", text) for text in said if match)


def read_table() -> list[tuple[Row, str]]:
    """The rows of the table, each with the earlier name."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    parts = (line.split("\t") for line in lines)
    return [(Row(slug, kind, node, field, after), before) for slug, kind, node, field, before, after in parts]


if __name__ == "__main__":
    for slug, plan in plans():
        for row in rows_of(slug, plan):
            print(*row, sep="\t")
