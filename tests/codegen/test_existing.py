"""Existing modules: reading a file that anyone may have written, without running it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from invokable.codegen import BuildOptions, build_modules
from invokable.codegen.build.check import report
from invokable.codegen.naming.lock import Names
from invokable.codegen.python import meaning
from invokable.codegen.written import checksums
from invokable.codegen.written.existing import MARKER, is_edited, is_generated, read_names
from invokable.codegen.written.header import read_header
from tests.examples import MODULES, WORKFLOWS

CARD = (MODULES / "colour_card.py").read_bytes()


def test_generated_modules_and_edits_are_recognized() -> None:
    assert is_generated(CARD)
    assert not is_edited(CARD)
    assert not is_edited(CARD.replace(b"\n", b"\r\n"))
    assert is_edited(CARD.replace(b"= 320", b"= 321"))
    assert not is_generated(b"# mine\n" + CARD)


def test_names_are_read_by_node_and_field() -> None:
    names = read_names(CARD)
    assert (names.class_name, read_header(CARD).schema) == ("ColourCard", "6.14.2")
    assert sorted(names.inputs.values())[:3] == ["blur_type", "board", "card_colour"]
    assert list(names.outputs.values()) == ["card"]


@pytest.mark.parametrize(
    "text",
    [
        "def (",
        "\x00",
        "(" * 10_000,
        "-" * 100_000 + "1",
        "INDEX_MAP: Final = {[]: 1}",
        "INDEX_MAP: Final = open('x')",
        "INDEX_MAP: Final = 5",
        "INDEX_MAP: Final",
        "OUTPUT_MAP: Final = ((1, 2), ('to', 'few'))",
    ],
)
def test_any_other_text_gives_no_names(text: str) -> None:
    assert read_names(text.encode()) == read_names(f"{MARKER}\n{text}".encode()) == Names()


def test_names_that_are_not_valid_are_not_taken() -> None:
    module = """
INDEX_MAP: Final = ((0, "n", "a", "T"), (1, "n", "b", "T"), (2, "n", "c", "T"))
OUTPUT_MAP: Final = (("images", "n", "x", "T", False), ("ok", "n", "y", "T", False))
class Flow(Workflow):
    to_dict: Annotated[int, Index(0)] = 1
    _b: Annotated[int, Index(1)] = 1
    fine: Annotated[int, Index(2)] = 1
"""
    assert read_names(module.encode()) == Names("Flow", {("n", "c"): "fine"}, {("n", "y"): "ok"})


def test_a_name_of_two_fields_is_not_accepted() -> None:
    module = """
INDEX_MAP: Final = ((0, "n", "a", "T"), (1, "n", "b", "T"))
class Flow(Workflow):
    same: Annotated[int, Index(0)] = 1
    same: Annotated[int, Index(1)] = 1
"""
    assert read_names(module.encode()).inputs == {}


@pytest.mark.parametrize(
    ("edit", "state", "read"),
    [("# by hand\n", "edited", 2), ("", "fine", 0)],  # the module there, and the new one that is signed
)
def test_a_check_reads_the_content_of_an_edited_module_once(
    edit: str, state: str, read: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = str(shutil.copy(WORKFLOWS / "colour_card.json", tmp_path))
    build_modules([source], str(tmp_path), BuildOptions()).write()
    module = tmp_path / "colour_card.py"
    module.write_text(module.read_text(encoding="utf-8") + edit, encoding="utf-8")
    checksum, texts = meaning.meaning_checksum, []

    def counted(text: bytes, **options: Any) -> str | None:
        texts.append(text)
        return checksum(text, **options)

    monkeypatch.setattr(checksums, "meaning_checksum", counted)
    (finding,) = report(build_modules([source], str(tmp_path), BuildOptions(compare=True))).findings
    assert (finding.state, len(texts)) == (state, read)
