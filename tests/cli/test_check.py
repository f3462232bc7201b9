"""invokable check: its findings, in three formats, and the commands that fix them."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import pytest

from tests.cli.projects import TABLE, Project, git, repository
from tests.cli.test_generate import run
from tests.examples import ROOT, example, node

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "check-report.schema.json").read_text(encoding="utf-8"))
ANNOTATION = re.compile(r"::(error|warning|notice) file=[^\s,:]+,title=invokable check::[^\r\n]+")


def spoil(project: Project, how: str) -> None:
    """Put a project into a state that check has to report."""
    if how == "stale":
        document = example("colour_card.json")
        node(document, "blank_image")["inputs"]["width"]["value"] = 640
        project.save(document)
    elif how == "edited":
        project.module().write_text(project.text().replace("= 320", "= 321"), encoding="utf-8")
    elif how == "missing":
        project.module().unlink()
    elif how == "left over":
        (project.folder / "workflows" / "card.json").unlink()
    elif how == "untracked":
        repository(project)
        git(project, "rm", "-q", "--cached", "src/flows/card.py")
    elif how == "without names":
        lock = project.folder / "invokable.lock"
        lock.write_text("".join(lock.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")


STATES = {state: state for state in ("stale", "edited", "missing", "left over", "untracked")} | {
    "without names": "stale"
}


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("state", STATES)
def test_each_state_is_found_and_fixed_by_the_command_that_check_names(state: str, project: Project) -> None:
    spoil(project, state)
    before = project.files()
    found = project.check()
    assert found.exit_code == 1
    assert project.files() == before
    assert list(project.states().values())[-1] == STATES[state]
    fix = found.stderr.splitlines()[-1].removeprefix("to fix it: ").split()
    if fix[0] == "invokable":
        assert run(*fix[1:]).exit_code == 0
    else:
        subprocess.run(fix, check=True)
    assert project.check().exit_code == 0


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("state", [*STATES, "fine", "broken", "refused", "warned"])
def test_the_json_is_as_its_schema_says(state: str, project: Project) -> None:
    spoil(project, state)
    status = {"fine": 0, "warned": 0, "broken": 2, "refused": 3}.get(state, 1)
    if state == "broken":
        project.save("{", "broken.json")
        project.save("{}", "package.json")
    if state == "refused":
        project.module().write_text("mine = 1\n")
    if state == "warned":
        document = example("colour_card.json")
        node(document, "img_blur")["inputs"]["blur_type"]["value"] = "swirl"
        project.save(document)
        run("generate")
    result = project.check("--format", "json", *(["--fail-on-warning"] if state == "warned" else []))
    report = json.loads(result.stdout)
    jsonschema.validate(report, SCHEMA)
    assert report["status"] == result.exit_code == (2 if state == "warned" else status)
    assert report["ok"] == (result.exit_code == 0)
    assert bool(report["errors"]) == (state in ("broken", "refused"))
    assert bool(report["warnings"]) == (state == "warned")
    assert bool(report["skipped"]) == (state == "broken")


@pytest.mark.parametrize(
    ("arguments", "where"), [((), "pyproject.toml"), (("*.nothing",), "*.nothing"), (("--config", "gone"), "gone")]
)
def test_what_prevents_any_build_is_in_the_report_too(arguments: tuple[str, ...], where: str, project: Project) -> None:
    project.configure("[tool.invokable]\nschemas = 1\n" if where == "pyproject.toml" else TABLE)
    result = project.check(*arguments, "--format", "json")
    report = json.loads(result.stdout)
    jsonschema.validate(report, SCHEMA)
    assert (result.exit_code, report["status"], report["files"], result.stderr) == (2, 2, [], "")
    assert [error["where"] for error in report["errors"]] == [where]
    (line,) = project.check(*arguments, "--format", "github").stdout.splitlines()
    assert line.startswith(f"::error file={where},title=invokable check::{where}: ")
    assert project.check(*arguments).stderr.startswith(f"{where}: ")


def test_the_schema_rejects_anything_but_a_report() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for report in ({}, {"version": 2}, {"ok": "yes"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(report, SCHEMA)


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("state", [*STATES, "broken"])
def test_github_gets_one_annotation_per_line(state: str, project: Project) -> None:
    spoil(project, state)
    if state == "broken":
        project.save("{", "broken.json")
    result = project.check("--format", "github")
    lines = result.stdout.splitlines()
    assert lines
    for line in lines:
        assert ANNOTATION.fullmatch(line), line
    assert any(line.startswith("::error") for line in lines)


def test_no_file_name_starts_another_annotation(project: Project) -> None:
    project.generate()
    project.save("{", "a,b\n::error::x%.json")
    for line in project.check("--format", "github").stdout.splitlines():
        assert ANNOTATION.fullmatch(line), line


@pytest.mark.usefixtures("hasty")
def test_the_exit_status_is_the_highest(project: Project) -> None:
    project.generate()
    spoil(project, "stale")
    assert project.check().exit_code == 1
    project.save("{", "broken.json")
    assert project.check().exit_code == 2
    foreign = project.save(example("colour_card.json"), "foreign.json")
    project.module("foreign").write_text("mine = 1\n")
    assert project.check().exit_code == 3
    foreign.unlink()
    assert project.check("--server", "http://127.0.0.1:9").exit_code == 4


def test_quiet_prints_only_problems(project: Project) -> None:
    project.generate()
    assert project.check("-q").output == ""
    spoil(project, "stale")
    assert project.check("-q").stdout == "src/flows/card.py: is out of date\n"


def test_the_command_that_fixes_it_has_the_options_that_were_given(project: Project) -> None:
    found = project.check("workflows/card.json", "-o", "my flows", "--schema", "6.13.8")
    assert found.stderr.splitlines()[-1] == (
        "to fix it: invokable generate workflows/card.json -o 'my flows' --schema 6.13.8"
    )
