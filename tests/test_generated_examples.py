"""The committed examples are up to date, and type checkers accept them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from invokable.codegen import BuildOptions, build_modules, generate_module, module_name
from invokable.codegen.build.jobs import Overrides
from invokable.codegen.project.config import SourceSettings
from invokable.schema import load
from tests.examples import MODULES, ROOT, WORKFLOWS, with_generator

SOURCES = sorted(WORKFLOWS.glob("*.json"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_committed_module_is_what_the_generator_writes(source: Path) -> None:
    chosen = Overrides(settings=SourceSettings(schema="6.14.2"))
    (result,) = build_modules([str(source)], str(MODULES), BuildOptions(overrides=chosen, force=True)).results
    assert result.path == MODULES / f"{module_name(source.stem)}.py"
    assert result.module
    assert result.module == result.path.read_bytes()


MISUSES = {
    "an unknown attribute": ("ColourCard(stamp='x', widht=3)", "widht"),
    "a wrong type": ("ColourCard(stamp='x', width='wide')", '"width"'),
    "a choice outside the literal": ("ColourCard(stamp='x', blur_type='swirl')", '"blur_type"'),
    "a missing required input": ("ColourCard()", "stamp"),
    "a positional argument": ("ColourCard('x')", "positional"),
    "an assignment of a wrong type": ("ColourCard(stamp='x').left = 'far'", "assign"),
    "an assignment to an unknown attribute": ("ColourCard(stamp='x').widht = 3", "widht"),
    "a public name that is misspelt": ("from invokable import Cleint", "Cleint"),
    "a name of the runtime that is misspelt": ("from invokable.runtime import Imagee", "Imagee"),
    "an unknown result": ("client.run(ColourCard(stamp='x')).picture", "picture"),
    "a wrong use of a result": ("client.run(ColourCard(stamp='x')).card + 1", "+"),
    "a wrong setting of a generator": (
        "Counted(stamp='x', widths={'type': 'integer_generator_linear_distribution', 'start': 1, 'count': 3})",
        "dict[str, ",
    ),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The errors of mypy and pyright in a file with one misuse per line, as lines `NUMBER: words`."""
    folder = tmp_path_factory.mktemp("misuse")
    (folder / "counted.py").write_text(generate_module(with_generator(), load("6.14.2"), source="counted.json").text)
    lines = ["from colour_card import ColourCard", "from counted import Counted", "from invokable import Client"]
    lines += ["client = Client('http://x')", *(code for code, _ in MISUSES.values())]
    lines += ["right: str = client.run(ColourCard(stamp='x', width=64)).card.name"]
    path = folder / "misuse.py"
    path.write_text("\n".join(lines) + "\n")
    config = folder / "pyrightconfig.json"
    config.write_text(
        json.dumps({"typeCheckingMode": "strict", "extraPaths": [str(MODULES)], "include": ["misuse.py"]})
    )
    environment = {
        "MYPYPATH": f"{MODULES}:{ROOT / 'src'}",
        "PATH": str(Path(sys.executable).parent) + ":/usr/local/bin:/usr/bin:/bin",
    }
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", str(path)]
    said = {
        "mypy": subprocess.run(mypy, capture_output=True, text=True, check=False, env=environment).stdout,
        "pyright": subprocess.run(
            [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(config)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout,
    }
    return {
        checker: [line.partition("misuse.py:")[2] or line for line in text.splitlines() if ".py:" in line]
        for checker, text in said.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
@pytest.mark.parametrize("misuse", MISUSES)
def test_type_checkers_catch(misuse: str, checker: str, complaints: dict[str, list[str]]) -> None:
    line = 5 + list(MISUSES).index(misuse)
    found = [text for text in complaints[checker] if text.startswith(f"{line}:")]
    assert found, complaints[checker]
    assert MISUSES[misuse][1] in " ".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_type_checkers_accept_the_right_use(checker: str, complaints: dict[str, list[str]]) -> None:
    assert not [text for text in complaints[checker] if "counted.py" in text]
    last = 5 + len(MISUSES)
    assert not [text for text in complaints[checker] if text.startswith((f"{last}:", "1:", "2:", "3:", "4:"))]
