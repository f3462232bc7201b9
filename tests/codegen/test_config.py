"""Configuration: find, read and validate the table of a pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from invokable.codegen.project.config import ConfigError, find_config
from invokable.codegen.project.config_reader import load_config

FULL = """
[tool.invokable]
templates = "mine"
[tool.invokable.workflows."a.json"]
class = "Portrait"
rename = { node = { value = "prompt", width = "wide" } }
outputs = { other = "edges" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    config = load_config(written(tmp_path, FULL))
    assert config.settings.templates == tmp_path / "mine"
    chosen = config.of_workflow("a.json")
    assert chosen.class_name == "Portrait"
    assert chosen.rename == {("node", "value"): "prompt", ("node", "width"): "wide"}
    assert chosen.outputs == {"other": "edges"}
    assert config.of_workflow("b.json").rename == {}


def test_the_nearest_file_with_a_table_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = written(tmp_path, "[tool.invokable]\n")
    written(tmp_path / "a", "[tool.other]\n")
    assert find_config(inner) == path


@pytest.mark.parametrize(
    "name", ["True", "None", "List", "Image", "Workflow", "Annotated", "x", "A b", "ﬁ", "Ｆlow", "", "int"]
)
def test_a_class_name_shadows_nothing_that_the_module_uses(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"[tool.invokable.workflows.'a.json']\nclass = '{name}'")
    if name == "List":
        assert load_config(path).of_workflow("a.json").class_name == "List"
        return
    with pytest.raises(ConfigError, match="not a valid class name") as caught:
        load_config(path)
    assert caught.value.key == 'tool.invokable.workflows."a.json".class'


@pytest.mark.parametrize("group", ["rename.n", "outputs"])
def test_no_name_is_used_twice(group: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"[tool.invokable.workflows.'a.json'.{group}]\na = 'same'\nb = 'same'\nc = 'other'")
    with pytest.raises(ConfigError, match="'same' is used twice"):
        load_config(path)


def test_an_unknown_key_lists_the_known_ones(tmp_path: Path) -> None:
    known = "fields, lenient, models, schema, server, sources, templates, workflows"
    with pytest.raises(ConfigError, match=rf"unknown key \(expected {known}\)"):
        load_config(written(tmp_path, "[tool.invokable]\nx = 1"))


@pytest.mark.parametrize("setting", ["schema", "server", "templates"])
def test_a_setting_is_not_empty(setting: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not be empty") as caught:
        load_config(written(tmp_path, f"[tool.invokable]\n{setting} = ''"))
    assert caught.value.key == f"tool.invokable.{setting}"


@pytest.mark.parametrize("text", ["[[tool.invokable]]", "[tool]\ninvokable = 'x'"])
def test_a_configuration_that_is_not_a_table_is_not_passed_over(text: str, tmp_path: Path) -> None:
    written(tmp_path, text)
    with pytest.raises(ConfigError, match=r"must be a table, written as \[tool\.invokable\]"):
        find_config(tmp_path)


def test_no_output_is_standard_output(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a folder or a module") as caught:
        load_config(written(tmp_path, "[[tool.invokable.sources]]\npath = 'a.json'\noutput = './-'"))
    assert caught.value.key == "tool.invokable.sources[0].output"
