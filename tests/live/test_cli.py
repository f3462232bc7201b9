"""The command line with a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from invokable.cli.shell import shell
from tests.examples import WORKFLOWS
from tests.live.provision import Server, free_port


def generate(server: str, path: Path) -> str:
    workflow = str(WORKFLOWS / "sd15_text_to_image.json")
    result = CliRunner().invoke(shell, ["generate", workflow, "-o", str(path), "--server", server, "--models"])
    assert result.exit_code == 0, result.stderr
    return path.read_text(encoding="utf-8")


@pytest.mark.usefixtures("models")
def test_models_of_the_server_complete_under_their_input(server: Server, tmp_path: Path) -> None:
    text = generate(server.url, tmp_path / "flow.py")
    names = text.partition("class Models:")[2].partition("class Result")[0]
    assert "tiny_sd15: Final = Model(" in names
    assert "tiny_sdxl" not in names
    assert "lora" not in names


def test_a_server_and_the_bundled_schema_of_its_version_make_the_same_module(server: Server, tmp_path: Path) -> None:
    if server.version != "6.14.2":
        pytest.skip(f"the examples were generated for 6.14.2, the server has {server.version}")
    workflow = str(WORKFLOWS / "colour_card.json")
    code = {}
    for name, option in (("bundled", ["--schema", "6.14.2"]), ("live", ["--server", server.url])):
        path = tmp_path / f"{name}.py"
        result = CliRunner().invoke(shell, ["generate", workflow, "-o", str(path), *option])
        assert result.exit_code == 0, result.stderr
        code[name] = path.read_bytes()
    assert code["live"] == code["bundled"]


def test_an_unreachable_server_has_its_own_status(tmp_path: Path) -> None:
    workflow = str(WORKFLOWS / "colour_card.json")
    url = f"http://127.0.0.1:{free_port()}"
    result = CliRunner().invoke(shell, ["generate", workflow, "-o", str(tmp_path / "m.py"), "--server", url])
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1
    assert url in result.stderr
    assert not (tmp_path / "m.py").exists()
