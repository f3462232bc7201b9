"""verify_index_map: a generated class at run time, against the file that it has to fit."""

from __future__ import annotations

import codecs
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from generated_examples.colour_card import ColourCard

from invokable import StaleWorkflowError, index_map_drift, verify_index_map
from invokable.contract.interface import read_module, write_map
from tests.cli.test_diff import CARD, MODULE, edited, wider, without_stamp_position


@pytest.fixture
def card_map(tmp_path: Path) -> Path:
    path = tmp_path / "card.map.json"
    path.write_text(write_map(read_module(MODULE.read_bytes())), encoding="utf-8")
    return path


def test_what_fits_is_returned_with_its_changes(card_map: Path, tmp_path: Path) -> None:
    assert verify_index_map(ColourCard, card_map).verdict == "same"
    assert verify_index_map(ColourCard, MODULE).verdict == "same"
    assert verify_index_map(ColourCard, str(CARD)).verdict == "same"
    assert verify_index_map(card_map, MODULE).verdict == "same"
    drift = verify_index_map(ColourCard, edited(tmp_path, wider))
    assert [(change.kind, change.before, change.after) for change in drift.changes] == [("input-default", "320", "400")]


def test_a_module_may_have_the_line_ends_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "card.py"
    path.write_bytes(codecs.BOM_UTF8 + MODULE.read_bytes().replace(b"\n", b"\r\n"))
    assert verify_index_map(ColourCard, path).verdict == "same"


def test_what_breaks_callers_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path, without_stamp_position)
    with pytest.raises(StaleWorkflowError, match=r"does not fit .*: input left: missing") as caught:
        verify_index_map(ColourCard, path)
    assert "\n" not in str(caught.value)
    assert caught.value.drift == index_map_drift(ColourCard, path)
    assert caught.value.drift.breaks == "callers"
    assert pickle.loads(pickle.dumps(caught.value)).drift == caught.value.drift


def test_a_subclass_stands_for_its_module(card_map: Path) -> None:
    class Mine(ColourCard):
        """A card of mine."""

    assert verify_index_map(Mine, card_map).verdict == "same"


@pytest.mark.parametrize("name", ["flow.py", "flow.json", "flow.map.json"])
def test_any_other_file_is_a_value_error(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(json.dumps({"invokable_map": 1}) if "map" in name else "{}")
    with pytest.raises(ValueError, match=name):
        verify_index_map(ColourCard, path)


def test_a_map_needs_no_codegen(card_map: Path, tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(MODULE.parent)!r})
for name in ("click", "jinja2", "black", "anyascii"):
    sys.modules[name] = None
from colour_card import ColourCard
import invokable
assert not any(name.startswith("invokable.contract.interface") for name in sys.modules)
print(invokable.verify_index_map(ColourCard, {str(card_map)!r}))
assert not any(name.startswith(("invokable.codegen", "invokable.schema")) for name in sys.modules)
try:
    invokable.verify_index_map(ColourCard, {str(CARD)!r})
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    same, missing = done.stdout.splitlines()
    assert same == "no changes"
    assert missing.endswith("install the extra: pip install 'invokable[codegen]'")


def test_without_black_a_workflow_needs_codegen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "black.strings", None)
    with pytest.raises(ModuleNotFoundError, match="install the extra"):
        verify_index_map(ColourCard, CARD)
