"""Every exit status of every command, and a command line that ends with it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import click
import pytest

from invokable.cli.errors import Status
from invokable.cli.exits import _INTERNAL
from invokable.cli.shell import shell
from invokable.testing import Simulator
from tests.cli.projects import Project
from tests.cli.test_check import spoil
from tests.cli.test_generate import run
from tests.examples import ROOT, example
from tests.workflow.builders import form, node, workflow

NOWHERE: Final = "http://127.0.0.1:9"
CARD: Final = "workflows/card.json"
MODULE: Final = "src/flows/card.py"


def stale(project: Project, _: Simulator) -> None:
    spoil(project, "stale")


def edited(project: Project, _: Simulator) -> None:
    spoil(project, "edited")
    spoil(project, "stale")


def foreign(project: Project, _: Simulator) -> None:
    project.module().write_text("mine = 1\n")


def later_format(project: Project, _: Simulator) -> None:
    project.module().write_text(re.sub(r"FORMAT: Final = \d+", "FORMAT: Final = 99", project.text()), encoding="utf-8")


def without_width(project: Project, _: Simulator) -> None:
    """`workflows/card.json` no longer shows an input that the module and the map have."""
    document = example("colour_card.json")
    for key, element in list(document["form"]["elements"].items()):
        if element.get("data", {}).get("fieldIdentifier", {}).get("fieldName") == "width":
            del document["form"]["elements"][key]
            for other in document["form"]["elements"].values():
                children = other.get("data", {}).get("children", [])
                children[:] = [child for child in children if child != key]
    project.save(document)


def bare(project: Project, _: Simulator) -> None:
    (project.folder / "pyproject.toml").unlink()


def not_toml(project: Project, _: Simulator) -> None:
    project.configure("[")


def edited_since(project: Project, server: Simulator) -> None:
    """A file was edited since it was pulled."""
    run("pull", "--all", "-o", "pulled", "--server", server.url)
    (path,) = (project.folder / "pulled").iterdir()
    path.write_text(path.read_text(encoding="utf-8").replace("Colour Card", "My Card"), encoding="utf-8")


def old_nodes(project: Project, _: Simulator) -> None:
    """A workflow has a node that InvokeAI has removed."""
    edges = node("edges", "canny_image_processor", "1.3.3", low_threshold=100)
    project.save(workflow(edges, form=form("edges.low_threshold")), "old.json")


def nothing(project: Project, _: Simulator) -> None:
    """The project is generated, and everything is up to date."""


URL: Final = "URL"
"""A placeholder for the URL of a simulated server."""
TAKEN: Final = "TAKEN"
"""A placeholder for a port that is in use."""
CASES: Final[dict[str, dict[int, tuple[Callable[[Project, Simulator], None], str]]]] = {
    "check": {
        0: (nothing, "check"),
        1: (stale, "check"),
        2: (nothing, "check nowhere.json"),
        3: (foreign, "check"),
        4: (nothing, f"check {CARD} --server {NOWHERE}"),
    },
    "demo": {
        0: (nothing, "demo --help"),
        2: (nothing, "demo --no-such-option"),
        4: (nothing, f"demo --server {NOWHERE}"),
    },
    "diff": {
        0: (nothing, f"diff {MODULE} {CARD}"),
        1: (without_width, f"diff {MODULE} {CARD}"),
        2: (nothing, f"diff {MODULE} nowhere.json"),
        4: (nothing, f"diff {MODULE} {CARD} --server {NOWHERE}"),
    },
    "generate": {
        0: (stale, "generate"),
        2: (nothing, "generate nowhere.json"),
        3: (edited, "generate"),
        4: (nothing, f"generate {CARD} --server {NOWHERE}"),
    },
    "init": {0: (bare, "init"), 2: (not_toml, "init"), 3: (nothing, "init")},
    "map export": {
        0: (nothing, f"map export {CARD}"),
        2: (nothing, "map export nowhere.json"),
        4: (nothing, f"map export {CARD} --server {NOWHERE}"),
    },
    "map verify": {
        0: (nothing, f"map verify card.map.json {CARD}"),
        1: (without_width, f"map verify card.map.json {CARD}"),
        2: (nothing, f"map verify {CARD}"),
        4: (nothing, f"map verify card.map.json {CARD} --server {NOWHERE}"),
    },
    "pull": {
        0: (nothing, f"pull --list --server {URL}"),
        1: (nothing, f"pull --all --check -o pulled --server {URL}"),
        2: (nothing, "pull"),
        3: (edited_since, f"pull --all -o pulled --server {URL}"),
        4: (nothing, f"pull --list --server {NOWHERE}"),
    },
    "run": {
        0: (nothing, f"run {CARD} --set stamp=stamp.png --out out --url {URL}"),
        1: (later_format, f"run {MODULE} --set stamp=stamp.png --url {URL}"),
        2: (nothing, f"run {CARD} --set stamp=stamp.png --set width=wide --url {URL}"),
        4: (nothing, f"run {CARD} --set stamp=stamp.png --url {NOWHERE}"),
    },
    "schema diff": {
        0: (nothing, f"schema diff 6.14.2 6.14.2 {MODULE}"),
        1: (old_nodes, "schema diff 5.0.2 6.14.2 workflows/old.json"),
        2: (nothing, "schema diff 6.14.2 9.9"),
        4: (nothing, f"schema diff 6.14.2 {NOWHERE}"),
    },
    "schema fetch": {
        0: (nothing, f"schema fetch --server {URL} -o openapi.json.gz"),
        2: (nothing, f"schema fetch --server {URL} -o src"),
        4: (nothing, f"schema fetch --server {NOWHERE}"),
    },
    "schema list": {0: (nothing, "schema list"), 2: (nothing, "schema list 6.14.2")},
    "show": {
        0: (nothing, f"show {CARD}"),
        2: (nothing, "show nowhere.json"),
        4: (nothing, f"show {CARD} --server {NOWHERE}"),
    },
    "simulate": {
        0: (nothing, "simulate --help"),
        2: (nothing, "simulate --version 9.9"),
        4: (nothing, f"simulate --port {TAKEN}"),
    },
}


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.serve()
        simulator.client().workflows.save(example("colour_card.json"))
        yield simulator


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])


@pytest.mark.usefixtures("generated", "hasty")
@pytest.mark.parametrize(
    ("status", "prepare", "line"),
    [(status, *case) for cases in CASES.values() for status, case in cases.items()],
    ids=[f"{command} {status}" for command, cases in CASES.items() for status in cases],
)
def test_it_ends_with_the_status(
    status: int,
    prepare: Callable[[Project, Simulator], None],
    line: str,
    project: Project,
    server: Simulator,
    taken: str,
) -> None:
    if line.startswith("map verify"):
        assert run("map", "export", CARD, "-o", "card.map.json").exit_code == 0
    (project.folder / "stamp.png").write_bytes((ROOT / "docs" / "images" / "demo.png").read_bytes())
    prepare(project, server)
    result = run(*line.replace(URL, server.url).replace(TAKEN, taken).split())
    assert result.exit_code == status, result.output
    assert result.stderr or status < 2
    assert "Traceback" not in result.output


def commands(group: Any, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_here() -> None:
    assert sorted(commands(shell)) == sorted(CASES)


def test_the_documentation_lists_every_status() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    section = page.partition("\n## Exit status\n")[2].partition("\n## ")[0]
    listed = {
        int(number) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for number in row.split(",")
    }
    assert listed == {status.value for status in Status}
    assert f"with status {_INTERNAL}" in section
