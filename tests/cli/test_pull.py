"""invokable pull: the server's library as files that change only when the workflows do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invokable import LibraryWorkflow
from invokable.cli.library import place, read_files, signed, text_of
from invokable.cli.shell import shell
from invokable.codegen import BuildError
from invokable.testing import Simulator
from tests.examples import example


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.serve()
        yield simulator


def saved(server: Simulator, name: str, *, tags: str = "", over: str | None = None, **changes: Any) -> LibraryWorkflow:
    """Save a workflow to the library."""
    document = {**example("colour_card.json"), "name": name, "tags": tags, **changes}
    return server.client().workflows.save(document, over=over)


def pull(server: Simulator, folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(shell, ["pull", "--server", server.url, "-o", str(folder), *arguments])


def lines(done: Result, folder: Path) -> list[str]:
    return done.output.replace(f"{folder}/", "").splitlines()


def test_workflows_come_by_name_id_tag_or_all(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Colour Card", tags="cards, Demo")
    saved(server, "Portrait", tags="faces")
    saved(server, "写真")
    for number, (arguments, files) in enumerate(
        [
            (["Portrait"], ["portrait.json"]),
            (["portrait", card.id], ["colour_card.json", "portrait.json"]),
            (["--tag", "demo"], ["colour_card.json"]),
            (["--tag", "demo", "--tag", "faces"], ["colour_card.json", "portrait.json"]),
            (["--all"], ["colour_card.json", "portrait.json", "xiezhen.json"]),
        ]
    ):
        folder = tmp_path / str(number)
        done = pull(server, folder, *arguments)
        assert done.exit_code == 0, done.output
        assert lines(done, folder) == [f"{name}: written" for name in files]
        assert sorted(path.name for path in folder.iterdir()) == files


def test_pulled_workflows_can_be_generated(server: Simulator, tmp_path: Path) -> None:
    saved(server, "Colour Card")
    pull(server, tmp_path, "--all")
    done = CliRunner().invoke(shell, ["generate", str(tmp_path / "colour_card.json"), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "class ColourCard(" in (tmp_path / "colour_card.py").read_text(encoding="utf-8")


def test_pulling_again_writes_only_what_changed(server: Simulator, tmp_path: Path) -> None:
    card, other = saved(server, "Card"), saved(server, "Other")
    pull(server, tmp_path, "--all")
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    server.client().workflows.get(card.id)
    saved(server, "Other", over=other.id, description="new")
    assert lines(pull(server, tmp_path, "--all", "--check"), tmp_path) == [
        "card.json: unchanged",
        "other.json: out of date",
    ]
    assert pull(server, tmp_path, "--all", "--check").exit_code == 1
    assert lines(pull(server, tmp_path, "--all"), tmp_path) == ["card.json: unchanged", "other.json: updated"]
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert [name for name in before if before[name] != after[name]] == ["other.json"]
    done = pull(server, tmp_path, "--all", "--check")
    assert (done.exit_code, lines(done, tmp_path)) == (0, ["card.json: unchanged", "other.json: unchanged"])


def test_a_workflow_keeps_its_file_under_another_name(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "--all")
    saved(server, "Postcard", over=card.id)
    done = pull(server, tmp_path, "Postcard")
    assert lines(done, tmp_path) == [
        "card.json: was renamed in the library, from 'Card' to 'Postcard'; the file keeps its name",
        "card.json: updated",
    ]
    assert lines(pull(server, tmp_path, "--all"), tmp_path) == ["card.json: unchanged"]
    (tmp_path / "card.json").rename(tmp_path / "mine.json")
    assert lines(pull(server, tmp_path, "--all"), tmp_path) == ["mine.json: unchanged"]


def test_two_workflows_with_the_same_name_get_two_files(server: Simulator, tmp_path: Path) -> None:
    first, second = saved(server, "Card"), saved(server, "card!")
    pull(server, tmp_path, "--all")
    expected = {f"card_{one.id[:8]}.json" for one in (first, second)}
    assert {path.name for path in tmp_path.iterdir()} == expected
    saved(server, "Card")
    done = pull(server, tmp_path, "Card")
    assert done.exit_code == 2
    assert "2 workflows have this name; use the id of one: " in done.stderr
    pull(server, tmp_path, "--all")
    assert {path.name for path in tmp_path.iterdir()} == expected | {"card.json"}


def test_other_files_are_left_alone(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    (tmp_path / "card.json").write_text("[1]")
    assert lines(pull(server, tmp_path, "--all"), tmp_path) == [f"card_{card.id[:8]}.json: written"]
    assert (tmp_path / "card.json").read_text() == "[1]"
    for name in (card.id[:8], card.id.replace("-", "")):
        (tmp_path / f"card_{name}.json").write_text("mine")
    done = pull(server, tmp_path, "--all")
    assert done.exit_code == 3
    assert "is in the way of a workflow" in done.stderr


def test_a_file_with_conflict_markers_does_not_get_a_second_one(server: Simulator, tmp_path: Path) -> None:
    saved(server, "Card")
    pull(server, tmp_path, "--all")
    path = tmp_path / "card.json"
    path.write_text(f"<<<<<<< HEAD\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    done = pull(server, tmp_path, "--all")
    assert (done.exit_code, list(tmp_path.iterdir())) == (3, [path])
    assert lines(done, tmp_path) == [
        "card.json: is in the way of a workflow file, or is that file, but is not JSON; repair it or move it"
    ]


def test_removed_workflows_are_listed(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "--all")
    server.client().workflows.delete(card.id)
    assert lines(pull(server, tmp_path, "--all"), tmp_path) == ["card.json: its workflow is no longer in the library"]
    assert (tmp_path / "card.json").exists()


def test_everything_not_found_is_reported_before_anything_is_written(server: Simulator, tmp_path: Path) -> None:
    saved(server, "Portrait", tags="faces")
    done = pull(server, tmp_path, "Portrait", "Portrit", "--tag", "face", "nothing like it")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        'Portrit: no workflow in the library has this name or id (did you mean "Portrait"?)',
        "nothing like it: no workflow in the library has this name or id (--list shows what it has)",
        '--tag face: no workflow in the library has this tag (did you mean "faces"?)',
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "a\x1b[31mb", "..", "", "x" * 500, "con", "a\x00b"])
def test_no_name_leads_out_of_the_folder(name: str, server: Simulator, tmp_path: Path) -> None:
    saved(server, name)
    folder = tmp_path / "out" / "deep"
    done = pull(server, folder, "--all")
    assert done.exit_code == 0, done.output
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path.parent == folder
    assert path.name.isascii()
    assert all(line.isprintable() for line in done.output.splitlines())
    assert pull(server, folder, "--all").stdout == f"{path}: unchanged\n"


def test_the_library_is_listed(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card \x1b[31m", tags="a,b")
    done = pull(server, tmp_path, "--list")
    assert done.stdout.splitlines() == ["Name\tTags\tCategory\tId", f"Card \\x1b[31m\ta, b\tuser\t{card.id}"]


def test_the_text_is_the_same_whatever_the_order_of_keys() -> None:
    document = example("colour_card.json")
    held = signed(document, "k")
    assert text_of(signed(dict(reversed(document.items())), "k")) == text_of(held)
    assert {name: value for name, value in held.items() if name != "pulled_sha256"} == {**document, "id": "k"}
    assert signed(held, "k") == held
    assert text_of({"name": "\ud800"}).isascii()


def edit(path: Path, **changes: Any) -> None:
    """Edit a file by hand."""
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_an_edited_file_is_not_overwritten(server: Simulator, tmp_path: Path) -> None:
    saved(server, "Card"), saved(server, "Other")
    pull(server, tmp_path, "--all")
    edit(tmp_path / "card.json", description="mine")
    edit(tmp_path / "other.json", description="mine too")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    saved(server, "A third")
    done = pull(server, tmp_path, "--all")
    assert done.exit_code == 3
    assert lines(done, tmp_path) == [
        f"{name}.json: was edited since {title!r} was pulled; save the edits in the library first "
        "(--force replaces the file)"
        for name, title in (("card", "Card"), ("other", "Other"))
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    checked = pull(server, tmp_path, "--all", "--check")
    assert checked.exit_code == 1
    assert lines(checked, tmp_path) == ["a_third.json: missing", "card.json: edited", "other.json: edited"]
    forced = pull(server, tmp_path, "Card", "Other", "--force")
    assert lines(forced, tmp_path) == ["card.json: updated", "other.json: updated"]
    assert pull(server, tmp_path, "Card", "Other").exit_code == 0


def test_edits_that_are_in_the_library_too_do_not_count(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "Card")
    edit(tmp_path / "card.json", description="mine")
    document = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    server.client().workflows.save(document, over=card.id)
    assert pull(server, tmp_path, "Card", "--check").exit_code == 0
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: updated"]
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: unchanged"]
    saved(server, "Card", over=card.id)
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: updated"]


def test_changing_the_layout_of_a_file_is_not_an_edit(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "Card")
    text = (tmp_path / "card.json").read_text(encoding="utf-8")
    laid_out = json.dumps(dict(reversed(json.loads(text).items())), indent=4).replace("\n", "\r\n")
    (tmp_path / "card.json").write_bytes(b"\xef\xbb\xbf" + laid_out.encode())
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: unchanged"]
    saved(server, "Card", over=card.id, description="new")
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: updated"]


def test_a_file_without_a_checksum_may_have_been_edited(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "Card")
    document = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    del document["pulled_sha256"]
    (tmp_path / "card.json").write_text(json.dumps(document), encoding="utf-8")
    assert pull(server, tmp_path, "Card", "--check").exit_code == 0
    saved(server, "Card", over=card.id, description="new")
    done = pull(server, tmp_path, "Card")
    assert done.exit_code == 3
    assert "may have been edited: it has no 'pulled_sha256' (--force replaces the file)" in done.stderr


def test_a_copy_of_a_file_is_refused_until_it_has_no_id(server: Simulator, tmp_path: Path) -> None:
    saved(server, "Card")
    pull(server, tmp_path, "Card")
    (tmp_path / "a_variant.json").write_bytes((tmp_path / "card.json").read_bytes())
    done = pull(server, tmp_path, "Card")
    assert (done.exit_code, len(done.stderr.splitlines())) == (3, 1)
    assert "a_variant.json: contains the same workflow as " in done.stderr
    document = json.loads((tmp_path / "a_variant.json").read_text(encoding="utf-8"))
    del document["id"]
    (tmp_path / "a_variant.json").write_text(json.dumps(document), encoding="utf-8")
    assert lines(pull(server, tmp_path, "Card"), tmp_path) == ["card.json: unchanged"]


def test_a_workflow_that_is_gone_is_asked_for_by_name(server: Simulator, tmp_path: Path) -> None:
    card = saved(server, "Card")
    pull(server, tmp_path, "Card")
    server.client().workflows.delete(card.id)
    for name in ("Card", card.id):
        done = pull(server, tmp_path, name)
        assert (done.exit_code, lines(done, tmp_path)) == (
            2,
            [f"{name}: is no longer in the library; card.json still contains it"],
        )
    assert pull(server, tmp_path, "--all").exit_code == 0
    assert pull(server, tmp_path, "--all", "--check").exit_code == 1


@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_changes_meanwhile_is_not_overwritten(there: bool, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    if there:
        path.write_bytes(text_of(signed({"name": "Card", "nodes": []}, "a")))
    (pulled,) = place(tmp_path, read_files(tmp_path), {"a": {"name": "Card", "nodes": [1]}})
    path.write_text('{"id": "a", "nodes": [2]}')
    with pytest.raises(BuildError, match="changed while the library was read") as caught:
        pulled.write()
    assert (caught.value.where, caught.value.kind) == (str(path), "refused")
    assert path.read_text() == '{"id": "a", "nodes": [2]}'


def test_ids_that_begin_alike_get_two_files(tmp_path: Path) -> None:
    document = {"name": "Card", "nodes": []}
    found = place(tmp_path, {}, {f"default_{number}/../x": document for number in range(10, 12)})
    assert [one.path.name for one in found] == ["card_default1.json", "card_default11x.json"]


@pytest.mark.usefixtures("hasty")
def test_bad_usage_and_a_server_that_is_not_there(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(shell, ["pull"]).exit_code == 2
    assert runner.invoke(shell, ["pull", "--all", "--server", "localhost:9090"]).exit_code == 2
    done = runner.invoke(shell, ["pull", "--all", "--server", "http://127.0.0.1:9", "-o", str(tmp_path)])
    assert done.exit_code == 4
    assert done.stderr.startswith("http://127.0.0.1:9: could not connect to the server")
    assert len(done.stderr.splitlines()) == 1
