"""Shell completion: commands, options, versions, files, and the inputs of the workflow that is to run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import WORKFLOWS

INVOKABLE = Path(sys.executable).parent / "invokable"


def offered(shell: str, line: str) -> list[str]:
    """What the command offers to a shell that completes a line."""
    words = line.split(" ")
    current = words[-1] if shell == "fish" else str(len(words) - 1)
    instruction = {"_INVOKABLE_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": current}
    done = subprocess.run([INVOKABLE], env=os.environ | instruction, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_and_options_complete(shell: str) -> None:
    assert any("simulate" in line for line in offered(shell, "invokable sim"))
    assert any("--timeout" in line for line in offered(shell, "invokable run --ti"))


def test_versions_files_and_inputs_complete() -> None:
    assert "plain,6.14.2" in offered("bash", "invokable show x.json --schema 6.1")
    assert offered("bash", "invokable show por") == ["file,por"]
    assert offered("bash", "invokable run --out im") == ["dir,im"]
    card = WORKFLOWS / "colour_card.json"
    assert offered("bash", f"invokable run {card} --set b") == ["plain,blur_type=", "plain,board="]
    assert offered("bash", "invokable run nowhere.json --set b") == []


def test_bash_completes_with_the_documented_line(tmp_path: Path) -> None:
    script = (
        'eval "$(_INVOKABLE_COMPLETE=bash_source invokable)"; '
        "COMP_WORDS=(invokable sh); COMP_CWORD=1; _invokable_completion invokable sh invokable; "
        'echo "${COMPREPLY[@]}"'
    )
    path = f"{INVOKABLE.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["show"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_a_script(shell: str) -> None:
    instruction = {"_INVOKABLE_COMPLETE": f"{shell}_source"}
    done = subprocess.run([INVOKABLE], env=os.environ | instruction, capture_output=True, text=True, check=True)
    assert f"_INVOKABLE_COMPLETE={shell}_complete" in done.stdout
