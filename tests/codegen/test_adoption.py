"""Adoption: which moved workflow keeps which names."""

from __future__ import annotations

from pathlib import Path

from invokable.codegen.naming.lock import Names
from invokable.codegen.project.adoption import adopted
from invokable.codegen.project.lockfile import LockFile

OLD = Names("Portrait", {("a", "x"): "prompt", ("b", "y"): "steps"}, {("c", "image"): "image"})
DOCUMENT = {"nodes": [{"id": name} for name in "abcd"]}


def lock(folder: Path, **names: Names) -> LockFile:
    return LockFile(folder / "invokable.lock", b"", {f"{key}.json": its for key, its in names.items()})


def test_the_only_workflow_that_is_gone_and_fits_gives_its_names(tmp_path: Path) -> None:
    other = Names("Other", {("z", "x"): "prompt"})
    assert adopted(lock(tmp_path, old=OLD, other=other), "new.json", DOCUMENT) == OLD


def test_one_that_is_still_there_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "old.json").touch()
    assert adopted(lock(tmp_path, old=OLD), "new.json", DOCUMENT) == Names()


def test_a_node_that_is_not_in_the_document_makes_it_another_workflow(tmp_path: Path) -> None:
    assert adopted(lock(tmp_path, old=OLD), "new.json", {"nodes": [{"id": "a"}, {"id": "b"}]}) == Names()


def test_neither_of_two_matches_is_used(tmp_path: Path) -> None:
    assert adopted(lock(tmp_path, old=OLD, older=OLD), "new.json", DOCUMENT) == Names()


def test_names_of_its_own_come_first(tmp_path: Path) -> None:
    own = Names("Own", {("a", "x"): "text"})
    assert adopted(lock(tmp_path, old=OLD, new=own), "new.json", DOCUMENT) == own


def test_names_without_nodes_match_nothing(tmp_path: Path) -> None:
    assert adopted(lock(tmp_path, old=Names("Portrait")), "new.json", DOCUMENT) == Names()
    assert adopted(lock(tmp_path, old=OLD), "new.json", {"nodes": [1, {"id": 2}, None]}) == Names()
