"""Publishing: whole or not at all, and never over somebody's work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from invokable.codegen.checksums import (
    body_is_intact,
    sign_body,
    source_checksum,
)
from invokable.codegen.existing import MARKER, Existing, is_edited, read_existing
from invokable.codegen.publish import RefusedError, Written, publish
from invokable.contract.module import index_map_checksum
from tests.examples import MODULES


def module(body: str = "x = 1\n") -> str:
    return sign_body(f'{MARKER}\n# @generated\nBODY_SHA256: Final = "{"0" * 64}"\n{body}')


def test_a_new_module_is_written_and_an_equal_one_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "flow.py"
    assert publish(path, module()) is Written.NEW
    before = path.stat().st_mtime_ns
    assert publish(path, module()) is Written.UNCHANGED
    assert path.stat().st_mtime_ns == before
    assert publish(path, module("x = 2\n")) is Written.CHANGED
    assert path.read_text(encoding="utf-8") == module("x = 2\n")
    assert list(path.parent.iterdir()) == [path]


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text("print('mine')\n")
    with pytest.raises(RefusedError, match="not a module that invokable wrote"):
        publish(path, module())
    assert path.read_text() == "print('mine')\n"
    assert publish(path, module(), force=True) is Written.CHANGED


def test_an_edited_module_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(module() + "y = 2\n", encoding="utf-8")
    with pytest.raises(RefusedError, match="edited by hand"):
        publish(path, module("x = 3\n"))
    assert path.read_text(encoding="utf-8").endswith("y = 2\n")


def test_binary_and_symbolic_links_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RefusedError):
        publish(binary, module())
    target = tmp_path / "target.py"
    target.write_text(module(), encoding="utf-8")
    link = tmp_path / "link.py"
    link.symlink_to(target)
    for force in (False, True):
        with pytest.raises(RefusedError, match="symbolic link"):
            publish(link, module("x = 9\n"), force=force)
    assert target.read_text(encoding="utf-8") == module()


def test_a_failed_write_leaves_the_old_module_and_no_scraps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "flow.py"
    publish(path, module())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        publish(path, module("x = 2\n"))
    assert path.read_text(encoding="utf-8") == module()
    assert list(tmp_path.iterdir()) == [path]


def test_the_body_checksum_finds_an_edit_anywhere() -> None:
    text = module()
    assert body_is_intact(text)
    for position in range(0, len(text), 7):
        assert not body_is_intact(text[:position] + "~" + text[position + 1 :])


FORMATTERS = [
    ("black", "-q", "-l", "60"),
    ("black", "-q", "-l", "140"),
    ("ruff", "format", "-q", "--isolated", "--line-length", "100"),
    ("ruff", "format", "-q", "--isolated", "--config", "format.quote-style='single'"),
]


@pytest.mark.parametrize("formatter", FORMATTERS, ids=" ".join)
@pytest.mark.parametrize("name", ["colour_card", "sd15_text_to_image"])
def test_a_formatter_of_other_habits_is_no_edit(formatter: tuple[str, ...], name: str, tmp_path: Path) -> None:
    text = (MODULES / f"{name}.py").read_text(encoding="utf-8")
    path = tmp_path / "flow.py"
    path.write_text(text, encoding="utf-8")
    subprocess.run([sys.executable, "-m", *formatter, str(path)], check=True)
    formatted = path.read_text(encoding="utf-8")
    assert formatted != text
    assert publish(path, text) is Written.UNCHANGED
    assert path.read_text(encoding="utf-8") == formatted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("= 320", "= 321"),
        ("Index(0)", "Index(1)"),
        ("How wide the new image is", "How broad the new image is"),
        ("    # index, node id", "    # node id, index"),
        ("class Result", "x = 1\n\n    class Result"),
        ("# @generated\n", "# @generated\n# mine\n"),
        ('"none" and "auto" leave', '"none" and  "auto" leave'),
    ],
)
def test_any_other_change_is_an_edit(before: str, after: str) -> None:
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    assert before in text
    assert not is_edited(text)
    assert is_edited(text.replace(before, after, 1))


def test_the_index_map_checksum_is_that_of_its_compact_json() -> None:
    # printf '[[0,"a","value","StringField"]]' | sha256sum
    expected = "71f5715e33c0e75249fd9f92c0e3f37ebb974f4eac1cf2a0b4bed834579b0d4a"
    assert index_map_checksum([(0, "a", "value", "StringField")]) == expected


def test_the_source_checksum_ignores_layout_and_order() -> None:
    assert source_checksum({"a": 1, "b": [2]}) == source_checksum({"b": [2], "a": 1})
    assert source_checksum({"a": 1}) != source_checksum({"a": 2})


def test_names_are_read_out_of_a_module_without_running_it() -> None:
    text = """
raise SystemExit("never run")
INDEX_MAP: Final = (
    (0, "n1", "value", "StringField"), (1, "n2", "width", "IntegerField"), (2, "n2", "width", "IntegerField"),
)
class Flow(Workflow):
    prompt: Annotated[str, Index(0)] = "x"
    wide: Annotated[int, Index(1, 2), Ge(8)] = 8
"""
    assert read_existing(text).names.inputs == {("n1", "value"): "prompt", ("n2", "width"): "wide"}
    assert read_existing("def (") == Existing()
    assert read_existing("INDEX_MAP: Final = open('x')") == Existing()
