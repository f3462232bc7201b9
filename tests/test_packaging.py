"""The distribution: an installation has everything that it needs, and little else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from invokable.codegen.templates import templates_folder
from tests.examples import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_templates_catalogue_and_type_marker(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "invokable/templates/module.py.jinja",
        "invokable/schema/catalogue.json.gz",
        "invokable/py.typed",
    } <= names
    assert {name.split("/")[0] for name in names} == {
        "invokable",
        next(n for n in names if "dist-info" in n).split("/")[0],
    }


@pytest.mark.slow
def test_the_wheel_holds_hardly_anything_but_code(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    sizes: Counter[str] = Counter()
    for info in zipfile.ZipFile(wheel).infolist():
        if "dist-info" not in info.filename:
            # The simulator, which only tests load, has a limit of its own.
            simulates = info.filename.startswith("invokable/testing/")
            sizes["simulator" if simulates else "code" if info.filename.endswith(".py") else "data"] += (
                info.compress_size
            )
    assert sizes["data"] < 45_000
    assert sizes["code"] < 550_000
    assert sizes["simulator"] < 200_000


@pytest.mark.slow
def test_the_sdist_holds_the_templates_and_the_tests(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"templates/module.py.jinja", "tests/test_packaging.py", "LICENSE", "README.md", "CHANGELOG.md"} <= names


@pytest.mark.slow
def test_an_installed_wheel_generates_and_a_bare_one_says_what_it_needs(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), str(wheel)], check=True)
    shutil.copytree(ROOT / "generated_examples" / "workflows", tmp_path / "out" / "workflows")
    command = [str(python), "-m", "invokable", "generate", "out/workflows", "-o", "out"]
    bare = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bare.returncode == 2
    assert "invokable[codegen]" in bare.stderr
    assert "Traceback" not in bare.stderr
    subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), f"{wheel}[codegen]"], check=True)
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for name in ("colour_card.py", "sd15_text_to_image.py"):
        assert (tmp_path / "out" / name).read_bytes() == (ROOT / "generated_examples" / name).read_bytes()


def test_an_editable_install_finds_the_templates() -> None:
    assert (templates_folder() / "module.py.jinja").is_file()
