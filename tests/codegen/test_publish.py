"""Publishing: whole or not at all, and never over anyone's work."""

import difflib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import black
import pytest
from click.testing import CliRunner

from invokable import __version__
from invokable.codegen import generate_module
from invokable.codegen.build.publish import RefusedError, Written, publish, replace_file
from invokable.codegen.failures import BuildError
from invokable.codegen.naming.lock import Names
from invokable.codegen.written.checksums import (
    body_is_intact,
    sign_body,
    source_checksum,
)
from invokable.codegen.written.existing import MARKER, is_edited, read_names
from invokable.contract.module import index_map_checksum
from invokable.schema import load
from tests.examples import MODULES, example


def module(body: str = "x = 1\n") -> str:
    text = bytearray(f'{MARKER}\n# @generated\nBODY_SHA256: Final = "{"0" * 64}"\n{body}'.encode())
    sign_body(text)
    return text.decode()


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


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_only_a_regular_file_is_replaced(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(tmp_path / "target")
    os.mkfifo(pipe)
    for path, reason in ((link, "is a symbolic link"), (pipe, "is not a regular file"), (tmp_path, "is a folder")):
        with pytest.raises(BuildError, match=reason) as caught:
            replace_file(path, b"text")
        assert (caught.value.where, caught.value.kind) == (str(path), "input")
    assert link.is_symlink()
    assert pipe.is_fifo()


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
    text = module().encode()
    assert body_is_intact(text)
    for position in range(0, len(text), 7):
        assert not body_is_intact(text[:position] + b"~" + text[position + 1 :])


FORMATTERS = [
    ("black", "-q", "-l", "60"),
    ("black", "-q", "-l", "140"),
    ("ruff", "format", "-q", "--isolated", "--line-length", "100"),
    ("ruff", "format", "-q", "--isolated", "--config", "format.quote-style='single'"),
]


@pytest.mark.parametrize("formatter", FORMATTERS, ids=" ".join)
def test_reformatting_is_not_an_edit(formatter: tuple[str, ...], tmp_path: Path) -> None:
    texts = {name: (MODULES / name).read_text(encoding="utf-8") for name in ("colour_card.py", "sd15_text_to_image.py")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command, *options = formatter
    if command == "black":  # in this process: starting it takes longer than formatting
        done = CliRunner().invoke(black.main, [*options, "--workers", "1", str(tmp_path)])
        assert done.exit_code == 0, done.output
    else:
        subprocess.run([sys.executable, "-m", command, *options, str(tmp_path)], check=True)
    for name, text in texts.items():
        path = tmp_path / name
        formatted = path.read_text(encoding="utf-8")
        assert formatted != text
        assert publish(path, text) is Written.UNCHANGED
        assert path.read_text(encoding="utf-8") == formatted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("= 320", "= 321"),
        ("Index(0)", "Index(1)"),
        ("The width of the new image", "The breadth of the new image"),
        ("    # index, node id", "    # node id, index"),
        ("class Result", "x = 1\n\n    class Result"),
        ("# @generated by", "# mine\n# @generated by"),
        ("# @generated by", "# @generated for"),
        ('"none" and "auto" leave', '"none" and  "auto" leave'),
    ],
)
def test_any_other_change_is_an_edit(before: str, after: str) -> None:
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    assert before in text
    assert not is_edited(text.encode())
    assert is_edited(text.replace(before, after, 1).encode())


def test_moving_nodes_changes_the_workflow_and_its_checksum_only(tmp_path: Path) -> None:
    before = generated(example("colour_card.json"))
    document = example("colour_card.json")
    for number, entry in enumerate(document["nodes"]):
        entry["position"] = {"x": -12.5 * number, "y": 1e-7}
    after = generated(document)
    changed = [line.partition(":")[0] for line in difference(before, after) if line.startswith("+")]
    assert [name.strip() for name in changed] == ['+    "' + source_checksum(document) + '"', '+    r"""{"name"']
    path = tmp_path / "flow.py"
    assert publish(path, before) is Written.NEW
    assert publish(path, after) is Written.CHANGED
    assert publish(path, after) is Written.UNCHANGED
    assert path.read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [('"label":"Card"', '"label":"Cart"'), ('"value":24', '"value":25'), ('"position":{"x":120', '"place":{"x":120')],
)
def test_any_other_change_of_the_workflow_is_an_edit(before: str, after: str) -> None:
    text = generated(example("colour_card.json"))
    assert before in text
    assert is_edited(text.replace(before, after, 1).encode())


def generated(document: Any) -> str:
    return generate_module(document, load("6.14.2"), source="colour_card.json").text


def difference(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("+++", "---", "@@"))]


NEWER = module().replace("# @generated\n", "# @generated by invokable 99.1.0\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NEWER, "was written by invokable 99.1.0; this is"),
        (f"{NEWER}edited = True\n", "was written by invokable 99.1.0; this is"),
        (f"{module()}FORMAT: Final = 999\n", r"was written by a later invokable \(module format 999\); this is"),
    ],
)
def test_an_older_version_does_not_replace_the_module_of_a_newer_one(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "flow.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=said):
        publish(path, text)
    assert publish(path, module(), force=True) is Written.CHANGED


@pytest.mark.parametrize("version", ["0.0.1", "0.1.0.dev1", "not a version"])
def test_a_module_of_an_older_version_is_replaced_and_left_alone_where_it_says_the_same(
    version: str, tmp_path: Path
) -> None:
    path = tmp_path / "flow.py"
    text = generated(example("colour_card.json"))
    older = text.replace(f"by invokable {__version__}", f"by invokable {version}")
    path.write_text(older, encoding="utf-8")
    if version == "not a version":
        with pytest.raises(RefusedError, match="edited by hand"):
            publish(path, text)
    else:
        assert publish(path, text) is Written.UNCHANGED
        assert path.read_text(encoding="utf-8") == older


def test_the_index_map_checksum_is_that_of_its_compact_json() -> None:
    # printf '[[0,"a","value","StringField"]]' | sha256sum
    expected = "71f5715e33c0e75249fd9f92c0e3f37ebb974f4eac1cf2a0b4bed834579b0d4a"
    assert index_map_checksum([(0, "a", "value", "StringField")]) == expected


def test_the_source_checksum_ignores_layout_and_order() -> None:
    assert source_checksum({"a": 1, "b": [2]}) == source_checksum({"b": [2], "a": 1})
    assert source_checksum({"a": 1}) != source_checksum({"a": 2})


def test_names_are_read_out_of_a_module_without_running_it() -> None:
    text = b"""
raise SystemExit("never run")
INDEX_MAP: Final = (
    (0, "n1", "value", "StringField"), (1, "n2", "width", "IntegerField"), (2, "n2", "width", "IntegerField"),
)
class Flow(Workflow):
    prompt: Annotated[str, Index(0)] = "x"
    wide: Annotated[int, Index(1, 2), Ge(8)] = 8
"""
    assert read_names(text).inputs == {("n1", "value"): "prompt", ("n2", "width"): "wide"}
    assert read_names(b"def (") == Names()
    assert read_names(b"INDEX_MAP: Final = open('x')") == Names()
