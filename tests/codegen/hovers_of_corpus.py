"""The hover texts of five workflows shipped with InvokeAI: enough to fill in each input without the workflow?

`python -m tests.codegen.hovers_of_corpus` prints the texts, as in the `after` column of hovers_of_corpus.tsv. The words
of the workflows' authors, including prompts, are replaced by «author».
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from invokable.codegen import ModulePlan, plan_document
from invokable.codegen.describing.authors import authors_words
from invokable.codegen.describing.descriptions import Descriptions, sentence
from invokable.codegen.describing.results import Results
from invokable.schema import load
from invokable.workflow import read_document
from tests.examples import SHARED

CORPUS = SHARED / "corpus"
TABLE = Path(__file__).with_suffix(".tsv")
FIVE = (
    "default-extend-video-wan-2-2-lightning-w-concept-loras",
    "default-flux-image-to-image",
    "default-multidiffusion-sd1-5",
    "default-text-to-image-sdxl",
    "default-text-to-image-with-lora",
)


class Row(NamedTuple):
    """The hover text of a name."""

    workflow: str
    name: str
    text: str


def planned(slug: str) -> ModulePlan:
    """The plan of one of the workflows."""
    document = read_document((CORPUS / slug / "workflow.json").read_bytes())
    return plan_document(document, load("6.14.2"), source=f"{slug}.json")


def rows() -> Iterator[Row]:
    """The hover texts of each input and output of the five, the outputs with the prefix `result.`."""
    for slug in FIVE:
        plan = planned(slug)
        descriptions, results = Descriptions(plan), Results(plan.reading, plan.inputs, title=plan.title)
        authors = authors_words(plan.reading)
        for item in plan.inputs:
            text = " ".join(descriptions.of(item))
            for words in authors[item.item.index]:
                text = text.replace(sentence(words), "«author»")
            if item.item.template.type.name == "StringField":
                text = re.sub(r'(?<=Default: )".+"', "«author»", text)
            yield Row(slug, item.attribute, text)
        for output in plan.outputs:
            yield Row(slug, f"result.{output.attribute}", sentence(results.of(output)))


def read_table() -> list[tuple[Row, str]]:
    """The rows of the table, each with the earlier text."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    parts = (line.split("\t") for line in lines)
    return [(Row(slug, name, after), before) for slug, name, before, after in parts]


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
