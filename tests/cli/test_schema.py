"""invokable schema: bundled schemas, a server's schema, and what an upgrade breaks."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from invokable.cli.servers import AskServer
from invokable.cli.shell import shell
from invokable.codegen.written.package import package_text
from invokable.schema import versions
from invokable.testing import Simulator
from tests.examples import MODULES, WORKFLOWS
from tests.schemas import valid
from tests.workflow.builders import form, node, workflow


def run(*arguments: object) -> Result:
    return CliRunner().invoke(shell, ["schema", *map(str, arguments)])


def test_list_names_every_bundled_version() -> None:
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(versions())
    assert json.loads(run("list", "--format", "json").stdout)[-1] == {"version": "6.14.2", "nodes": 309}


def test_fetch_writes_a_file_that_schema_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Simulator("6.8.1") as server:
        url = server.serve()
        assert run("fetch", "--server", url).stdout == "openapi-6.8.1.json: node schemas of InvokeAI 6.8.1\n"
        assert run("fetch", "--server", url, "-o", "ours/nodes.json.gz").exit_code == 0
    assert json.loads(Path("openapi-6.8.1.json").read_bytes()) == json.loads(
        gzip.decompress(Path("ours/nodes.json.gz").read_bytes())
    )
    for name in ("openapi-6.8.1.json", "ours/nodes.json.gz"):
        shown = CliRunner().invoke(
            shell, ["show", str(WORKFLOWS / "colour_card.json"), "--schema", name, "--format", "json"]
        )
        assert json.loads(shown.stdout)["schema"]["version"] == "6.8.1"


def test_fetch_writes_to_the_current_folder_whatever_the_server_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(AskServer, "schema", lambda *_: ({}, "6/../../nodes"))
    assert run("fetch", "--server", "http://127.0.0.1:9").exit_code == 0
    assert [path.name for path in tmp_path.rglob("*.json")] == ["openapi-6_.._.._nodes.json"]


def test_fetch_takes_the_token_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Simulator(multiuser=True, users={"a@b.c": "Secret-password-1"}) as server:
        url = server.serve()
        monkeypatch.setenv("INVOKEAI_TOKEN", server.token("a@b.c"))
        assert run("fetch", "--server", url).exit_code == 0


@pytest.mark.usefixtures("hasty")
def test_fetch_without_a_server_exits_with_4() -> None:
    result = run("fetch", "--server", "http://127.0.0.1:9")
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1


def test_an_upgrade_that_breaks_no_module_ends_with_0() -> None:
    result = run("diff", "6.8.1", "6.14.2", MODULES / "colour_card.py")
    assert result.exit_code == 0
    assert result.stdout.startswith("InvokeAI 6.8.1 -> 6.14.2: breaks none of 1 module\n")


@pytest.fixture
def old_flows(tmp_path: Path) -> Path:
    """A folder with a workflow whose nodes were removed, and one whose loader accepted any model."""
    gone = workflow(
        node("edges", "canny_image_processor", "1.3.3", low_threshold=100), form=form("edges.low_threshold")
    )
    narrower = workflow(node("loader", "main_model_loader", "1.0.3", model=None), form=form("loader.model"))
    for name, document in (("gone", gone), ("narrower", narrower)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def test_an_upgrade_says_module_by_module_what_breaks(old_flows: Path) -> None:
    result = run("diff", "5.0.2", "6.14.2", old_flows)
    assert result.exit_code == 1
    text = result.stdout
    assert text.startswith("InvokeAI 5.0.2 -> 6.14.2: breaks 2 of 2 modules\n")
    assert "gone.json: cannot be generated for InvokeAI 6.14.2: /nodes/0/data/type: node canny_image_processor" in text
    assert "models narrowed: main model, now main model of sd-1 or sd-2" in text
    assert "  canny_image_processor\n    gone (was version 1.3.3)\n" in text
    assert (
        "  main_model_loader\n    version 1.0.3, now 1.0.4\n    input model: models main, now main; sd-1 or sd-2"
        in text
    )


def test_the_json_of_an_upgrade_is_as_its_schema_says(old_flows: Path) -> None:
    found = valid(run("diff", "5.0.2", "6.14.2", old_flows, "--format", "json").stdout, "upgrade")
    gone, narrower = found["modules"]
    assert (gone["verdict"], gone["error"]["schema"], gone["changes"]) == ("breaking", "6.14.2", [])
    assert (narrower["verdict"], narrower["error"]) == ("breaking", None)
    assert {change["node_type"] for change in found["nodes"]} == {"canny_image_processor", "main_model_loader"}
    assert valid(run("diff", "6.13.8", "6.14.2", "--format", "json").stdout, "upgrade")["modules"] == []


def test_markdown_has_a_section_for_each_module(old_flows: Path) -> None:
    lines = run("diff", "5.0.2", "6.14.2", old_flows, "--format", "markdown").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("#")] == [
        "### InvokeAI `5.0.2` → `6.14.2`",
        f"#### `{old_flows}/gone.json`",
        f"#### `{old_flows}/narrower.json`",
        "#### Node types",
    ]


def test_a_workflow_that_is_not_for_the_old_version_breaks_nobody(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text(json.dumps(workflow(node("v", "video_concat", "1.0.0"), form=form("v.videos"))), encoding="utf-8")
    result = run("diff", "6.8.1", "6.14.2", path)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "InvokeAI 6.8.1 -> 6.14.2: breaks none of 1 module",
    )
    assert "cannot be generated for InvokeAI 6.8.1, so it breaks nobody: " in result.stdout


def test_without_sources_the_configuration_lists_them(old_flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (old_flows / "pyproject.toml").write_text('[[tool.invokable.sources]]\npath = "narrower.json"\noutput = "src"\n')
    monkeypatch.chdir(old_flows)
    assert "breaks 1 of 1 module" in run("diff", "5.0.2", "6.14.2").stdout
    generated = CliRunner().invoke(shell, ["generate", "--schema", "5.0.2"])
    assert generated.exit_code == 0, generated.stderr
    assert "src/narrower.py: breaking for callers" in run("diff", "5.0.2", "6.14.2").stdout


def test_the_packages_of_modules_are_not_upgraded(tmp_path: Path) -> None:
    shutil.copy(MODULES / "colour_card.py", tmp_path)
    (tmp_path / "__init__.py").write_text(package_text({"colour_card": "ColourCard"}, width=88), encoding="utf-8")
    result = run("diff", "6.11.1", "6.14.2", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "breaks none of 1 module\n" in result.stdout


@pytest.mark.parametrize("name", ["7.0.0", "nowhere.json"])
def test_an_unknown_version_is_bad_input(name: str) -> None:
    result = run("diff", "6.8.1", name)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{name}: ")
