"""Tools: a pyproject.toml that would take much time or memory is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from invokable.codegen.project.config import ConfigError, find_config
from invokable.codegen.project.tools import read_tools

KEYS = ["a", "a-b", '"a"', "'a b'", '"ä.b"']


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "[[{}]]", "a = {{ {} = 1 }}", "\t{}\t= 1"])
def test_a_key_has_at_most_a_hundred_parts(key: str, form: str) -> None:
    assert read_tools(form.format(".".join([key] * 100)).encode()) == {}
    with pytest.raises(ValueError, match="a key has more than 100 parts"):
        read_tools(form.format(" . ".join([key] * 101)).encode())


@pytest.mark.parametrize("text", ["x" * 900_000, '"' * 900_000, "a." * 90 + "\n" + "x " * 400_000, "." * 900_000])
def test_long_text_is_searched_once(text: str) -> None:
    with pytest.raises(ValueError, match=r"\(at "):
        read_tools(text.encode())


def test_text_is_no_key() -> None:
    assert read_tools(f'[tool]\na = "{"... " * 200}"\nb = [{"1.5, " * 200}]'.encode())


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("# " + "x" * 2**20)
    with pytest.raises(ConfigError, match="is not TOML: it is larger than 1 MiB"):
        find_config(tmp_path)
