"""invokable demo and invokable simulate."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from invokable.cli.shell import shell
from invokable.testing import Simulator
from tests.examples import MODULES


@pytest.fixture(autouse=True)
def own_modules() -> Iterator[None]:
    yield
    for name in ("colour_card", "sd15_text_to_image"):
        sys.modules.pop(name, None)


def _without_origin(module: str) -> list[str]:
    """The lines of a module that do not depend on the workflow's location."""
    return [line for line in module.splitlines() if not line.startswith(("SOURCE: ", "BODY_SHA256: ", "MADE_FROM: "))]


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(shell, ["demo", *arguments])


def test_it_makes_the_module_and_a_picture_of_each_prompt(tmp_path: Path) -> None:
    done = demo("-o", str(tmp_path / "made"))
    assert done.exit_code == 0, done.output
    module = (tmp_path / "made" / "sd15_text_to_image.py").read_text(encoding="utf-8")
    committed = (MODULES / "sd15_text_to_image.py").read_text(encoding="utf-8")
    assert _without_origin(module) == _without_origin(committed)
    pictures = [Image.open(tmp_path / "made" / "images" / f"picture-{number}.png") for number in (1, 2, 3)]
    assert {picture.size for picture in pictures} == {(512, 512)}
    assert len({picture.tobytes() for picture in pictures}) == 3
    assert [("a fox in fresh snow" in p.info["invokeai_workflow"]) for p in pictures] == [False, True, False]


@pytest.mark.slow
def test_it_can_be_repeated_but_not_over_an_edited_module(tmp_path: Path) -> None:
    assert demo("-o", str(tmp_path)).exit_code == 0
    module = tmp_path / "sd15_text_to_image.py"
    edited = module.read_text(encoding="utf-8").replace("= 30\n", "= 31\n")
    module.write_text(edited, encoding="utf-8")
    done = demo("-o", str(tmp_path))
    assert done.exit_code == 3
    assert "was edited by hand" in done.stderr
    assert module.read_text(encoding="utf-8") == edited
    module.unlink()
    assert demo("-o", str(tmp_path)).exit_code == 0


def test_on_a_server_with_a_model_it_generates_images(tmp_path: Path) -> None:
    with Simulator() as server:
        done = demo("--server", server.serve(), "-o", str(tmp_path))
        assert done.exit_code == 0, done.output
        assert len(server.jobs) == 3
    assert re.search(r'with Client\("http://127.0.0.1:\d+"\) as client', (tmp_path / "run.py").read_text("utf-8"))


def test_on_a_server_without_a_model_it_makes_cards(tmp_path: Path) -> None:
    with Simulator(models=[]) as server:
        done = demo("--server", server.serve(), "-o", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert Image.open(tmp_path / "images" / "picture-1.png").size == (320, 200)
    assert (tmp_path / "stamp.png").exists()


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--server", "http://127.0.0.1:9"], 4, "could not connect"),
        (["--server", "nonsense"], 2, "not a server URL"),
        (["-o", "/proc/nowhere"], 2, "cannot be written: "),
    ],
)
def test_every_error_is_one_line(arguments: list[str], status: int, words: str) -> None:
    done = demo(*arguments)
    assert done.exit_code == status
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_reported_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(shell, ["simulate", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 4
    assert "choose another --port; 0 picks a free one" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--version", "1.2.3"], "no bundled schema"),
        (["--model", "dreamshaper"], "expected NAME:BASE:TYPE"),
        (["--host", "203.0.113.1"], "cannot listen"),
        (["--port", "65536"], "not in the range 0<=x<=65535"),
        (["--port", "-1"], "not in the range 0<=x<=65535"),
        (["--speed", "-0.1"], "speed is -0.1; expected a number of seconds, 0 or more"),
        (["--speed", "nan"], "speed is nan"),
        (["--speed", "inf"], "speed is inf"),
    ],
)
def test_a_simulator_that_cannot_start_says_why(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(shell, ["simulate", "--port", "0", *arguments])
    assert done.exit_code in (2, 4)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
