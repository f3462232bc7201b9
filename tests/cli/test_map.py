"""invokable map: the index map as a file, and whether it still fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from generated_examples import colour_card

from invokable.cli.shell import shell
from tests.cli.test_diff import CARD, MODULE, edited, wider, without_stamp_position
from tests.schemas import valid


def run(*arguments: object) -> Result:
    return CliRunner().invoke(shell, ["map", *map(str, arguments)])


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "card.map.json"
    result = run("export", CARD, "-o", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}: written\n")
    return path


def test_a_map_says_what_each_index_is(exported: Path) -> None:
    found = valid(exported.read_text(encoding="utf-8"), "map")
    entries = [(item["index"], item["node_id"], item["field"], item["type"]) for item in found["inputs"]]
    assert tuple(entries) == colour_card.INDEX_MAP
    assert found["index_map_checksum"] == colour_card.INDEX_MAP_CHECKSUM
    blur = found["inputs"][7]
    assert (blur["attribute"], blur["annotation"], blur["default"]) == (
        "blur_type",
        "Literal['gaussian', 'box']",
        "'gaussian'",
    )
    assert found["inputs"][3]["required"] is True


def test_a_map_does_not_replace_its_source(tmp_path: Path) -> None:
    source = tmp_path / "card.json"
    source.write_bytes(CARD.read_bytes())
    result = run("export", source, "-o", tmp_path / "." / "card.json")
    assert (result.exit_code, source.read_bytes()) == (2, CARD.read_bytes())
    assert result.stderr == f"{source}: is the source of the map; name another file\n"


def test_workflow_and_module_give_the_same_map(exported: Path) -> None:
    assert run("export", MODULE).stdout == exported.read_text(encoding="utf-8")


def test_a_map_that_fits_ends_with_0(exported: Path, tmp_path: Path) -> None:
    assert (run("verify", exported).exit_code, run("verify", exported).stdout) == (0, f"{exported}: intact\n")
    assert run("verify", exported, CARD).exit_code == 0
    assert run("verify", exported, MODULE).exit_code == 0
    assert run("verify", exported, edited(tmp_path, wider)).exit_code == 0


def test_a_map_that_no_longer_fits_ends_with_1(exported: Path, tmp_path: Path) -> None:
    result = run("verify", exported, edited(tmp_path, without_stamp_position), "--format", "json")
    assert result.exit_code == 1
    assert valid(result.stdout, "drift")["breaks"] == "callers"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["inputs"][0].update(index=1), "the map was changed after its export"),
        (lambda d: d["nodes"].clear(), "the map was changed after its export"),
        (lambda d: d.update(invokable_map=2), "a map file of format 2; this invokable reads format 1"),
    ],
)
def test_an_edited_map_is_refused(change: Any, message: str, exported: Path) -> None:
    document = json.loads(exported.read_text(encoding="utf-8"))
    change(document)
    exported.write_text(json.dumps(document), encoding="utf-8")
    result = run("verify", exported)
    assert result.exit_code == 2
    assert message in result.stderr


def test_only_a_map_can_be_verified() -> None:
    result = run("verify", MODULE, CARD)
    assert (result.exit_code, result.stderr) == (
        2,
        f"{MODULE}: is a module, not a map; export one with: invokable map export\n",
    )
