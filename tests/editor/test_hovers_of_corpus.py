"""Five workflows shipped with InvokeAI, as seen through hover texts alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from invokable.codegen.describing.descriptions import Descriptions, sentence
from invokable.codegen.describing.results import Results
from invokable.codegen.render import render_module
from tests.codegen.hovers_of_corpus import CORPUS, FIVE, planned, read_table, rows
from tests.editor.server import LanguageServer, Place, place

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")


def test_the_texts_are_those_of_the_table() -> None:
    assert list(rows()) == [row for row, _ in read_table()]


def test_each_text_says_what_happens_when_nothing_is_given() -> None:
    said = ("Default: ", "Required.", "If omitted, ", "Omit it ", "Optional.")
    assert all(any(words in row.text for words in said) for row in rows() if not row.name.startswith("result."))


@pytest.mark.slow
def test_the_language_server_shows_the_same(tmp_path: Path) -> None:
    plans = [planned(slug) for slug in FIVE]
    for number, plan in enumerate(plans):
        (tmp_path / f"module{number}.py").write_bytes(render_module(plan))
    with LanguageServer(tmp_path) as server:
        for number, plan in enumerate(plans):
            descriptions, results = Descriptions(plan), Results(plan.reading, plan.inputs, title=plan.title)
            expected = {f"flow.{p.attribute}\n": " ".join(descriptions.of(p)) for p in plan.inputs}
            expected |= {f"result.{p.attribute}\n": sentence(results.of(p)) for p in plan.outputs}
            text = f"from module{number} import {plan.class_name} as Flow\n"
            text += "def see(flow: Flow, result: Flow.Result) -> None:\n" + "".join(f" {line}" for line in expected)
            server.open(f"caller{number}.py", text)
            found = {}
            for line in expected:
                begin = place(text, f" {line}")
                where = Place(begin.line, len(line) - 1)
                _, _, found[line] = server.hover(f"caller{number}.py", where).partition("\n---\n")
            lines = [line for said in found.values() for line in said.split("\n")]
            assert not [line for line in lines if line.startswith(("- ", "+ ", "# "))]
            # The hover is Markdown, in which `gguf\_quantized` is shown as gguf_quantized.
            shown = {line: " ".join(said.replace("\\_", "_").split()) for line, said in found.items()}
            assert shown == expected
