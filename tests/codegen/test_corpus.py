"""Modules of many real workflows: safe, importable, and without errors in strict type checkers and linters."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from invokable.codegen import Options, generate_module
from invokable.codegen.build.publish import Written, publish
from invokable.schema import load
from invokable.workflow import WorkflowFileError, read_document
from tests.codegen.oracle import check_module
from tests.codegen.wording import CHECKS
from tests.examples import SHARED

CORPUS = SHARED / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module of every workflow of the corpus that the editor loads."""
    folder = tmp_path_factory.mktemp("modules")
    schema = load("6.14.2")
    for path in sorted(CORPUS.glob("*/workflow.json")):
        name = "flow_" + path.parent.name.replace("-", "_").replace(".", "_")
        try:
            document = read_document(path.read_bytes())
            written = generate_module(document, schema, source=path.name, options=Options(lenient=True))
        except WorkflowFileError:
            continue
        (folder / f"{name}.py").write_text(written.text, encoding="utf-8")
    assert len(list(folder.iterdir())) > 50
    return folder


def output(*command: object, folder: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.slow
def test_each_is_data_and_one_dataclass(modules: Path) -> None:
    for path in modules.glob("*.py"):
        check_module(path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_all_can_be_imported_in_one_process(modules: Path) -> None:
    names = ", ".join(path.stem for path in modules.glob("*.py"))
    assert output(sys.executable, "-c", f"import {names}", folder=modules) == ""


@pytest.mark.slow
def test_mypy_is_content(modules: Path) -> None:
    assert output(sys.executable, "-m", "mypy", "--strict", *sorted(modules.glob("*.py")), folder=modules) == ""


@pytest.mark.slow
def test_pyright_is_content(modules: Path) -> None:
    (modules / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "pythonVersion": "3.11"}')
    assert output(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, folder=modules) == ""


@pytest.mark.slow
def test_ruff_and_black_are_content(modules: Path) -> None:
    assert output(sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", ".", folder=modules) == ""
    rules = ["--select", "ALL", "--ignore", ",".join(CHECKS), "--target-version", "py311"]
    assert (
        output(sys.executable, "-m", "ruff", "check", "-q", "--no-cache", "--isolated", *rules, ".", folder=modules)
        == ""
    )
    assert output(sys.executable, "-m", "black", "--check", "-q", ".", folder=modules) == ""


FORMATTERS = {
    "black at 100": ("black", "-q", "-l", "100", "."),
    "black at 60": ("black", "-q", "-l", "60", "."),
    "ruff at 120": ("ruff", "format", "-q", "--isolated", "--no-cache", "--line-length", "120", "."),
    "ruff at 79, single quotes": (
        *("ruff", "format", "-q", "--isolated", "--no-cache", "--line-length", "79"),
        *("--config", "format.quote-style='single'", "."),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("formatter", FORMATTERS.values(), ids=FORMATTERS.keys())
def test_a_formatter_of_the_project_changes_nothing_that_counts(
    modules: Path, formatter: tuple[str, ...], tmp_path: Path
) -> None:
    shutil.copytree(modules, tmp_path, dirs_exist_ok=True)
    assert output(sys.executable, "-m", *formatter, folder=tmp_path) == ""
    changed = 0
    for path in tmp_path.glob("*.py"):
        text = (modules / path.name).read_text(encoding="utf-8")
        changed += path.read_text(encoding="utf-8") != text
        assert publish(path, text) is Written.UNCHANGED
    assert changed > 50
    rules = ["--select", "ALL", "--ignore", ",".join(CHECKS), "--target-version", "py311"]
    assert output(sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", ".", folder=tmp_path) == ""
    if "single" not in " ".join(formatter):  # which Q000 refuses
        assert (
            output(sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", *rules, ".", folder=tmp_path)
            == ""
        )
