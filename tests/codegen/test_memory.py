"""Memory: a command takes at most twenty times the size of the workflows that it reads."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner

from invokable.cli.library import signed, text_of
from invokable.cli.shell import shell
from invokable.codegen import BuildOptions, Options, build_modules, plan_document
from invokable.codegen.build.jobs import Overrides
from invokable.codegen.plan import ModulePlan
from invokable.codegen.project.config import SourceSettings
from invokable.codegen.render import Draft, draft_module
from invokable.contract.interface import read_module
from invokable.contract.plain import plain
from invokable.contract.utf8 import Utf8
from invokable.schema import load
from tests.codegen.nasty import NASTY, equal_labels, generated, generators_of_many_items, with_emoji
from tests.effort import slow_among, slow_beyond
from tests.memory import Sized, grows_by_at_most, peak_of, takes_less
from tests.schema.documents import field, openapi
from tests.workflow.builders import form, node, workflow

TIMES = 20
MIB = 2**20


def building(document: Any, folder: Path) -> Sized:
    """The size of a workflow in bytes, and building its module."""
    source = folder / "nasty.json"
    size = source.write_bytes(json.dumps(document, separators=(",", ":")).encode())
    options = BuildOptions(overrides=Overrides(settings=SourceSettings(lenient=True)))
    return size, lambda: build_modules([str(source)], str(folder), options)


@pytest.mark.parametrize("name", slow_among(NASTY, NASTY.keys() - {"dropdowns"}))
def test_memory_grows_by_a_bounded_multiple_of_the_size(name: str, tmp_path: Path) -> None:
    make, number = NASTY[name]
    assert grows_by_at_most(TIMES, lambda parts: building(make(parts), tmp_path), number // 8, number // 2)


PEAK = """
import sys
from pathlib import Path
from invokable.cli import main
try:
    main()
finally:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(line.split()[1], file=sys.stderr)
"""


SOURCE = "nasty.json"
COMMANDS = {
    "generate": ["generate", SOURCE, "--lenient", "--quiet"],
    "show": ["show", SOURCE, "--lenient", "--format", "json", "--graph"],
    "map export": ["map", "export", SOURCE, "--lenient", "--output", "nasty.map.json"],
    "diff": ["diff", SOURCE, SOURCE, "--lenient"],
    "schema diff": ["schema", "diff", "6.8.1", "6.14.2", SOURCE, "--lenient"],
    "check": ["check", SOURCE, "--lenient"],
    "check json": ["check", SOURCE, "--lenient", "--format", "json"],
    "run": ["run", SOURCE, "--lenient", "--url", "http://127.0.0.1:1", "--timeout", "2"],
}


def resident(document: Any, folder: Path, command: str = "generate") -> tuple[int, int]:
    """The size of a workflow, and the most memory of the process of a command that reads it, in bytes."""
    folder.mkdir()
    size = (folder / SOURCE).write_bytes(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    started = [sys.executable, "-c", PEAK, *COMMANDS[command]]
    done = subprocess.run(started, cwd=folder, capture_output=True, text=True, check=False)
    return size, 1024 * int(done.stderr.split()[-1])


@cache
def resident_of_little(command: str) -> tuple[int, int]:
    """The same for a small workflow."""
    with TemporaryDirectory() as folder:
        resident(equal_labels(10), Path(folder) / "first", command)  # compiles what has not been compiled yet
        return resident(equal_labels(10), Path(folder) / "small", command)


def of_a_megabyte(make: Callable[[int], Any], number: int) -> Any:
    """A workflow of about a megabyte."""
    while True:
        size = len(json.dumps(make(number), separators=(",", ":"), ensure_ascii=False).encode())
        if abs(size / MIB - 1) < 0.1:
            return make(number)
        number = number * MIB // size


WORST = {"diff": "dropdowns", "schema diff": "dropdowns"}
"""The workflow that takes most memory with a command, if it is not that with long lists."""
COSTLIEST = ["dropdowns", "long lists", "prompts", "wide attributes"]
"""The workflows that take most memory with an emoji in each text."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read out of /proc")
@pytest.mark.parametrize(
    ("command", "name", "emoji"),
    [
        *(("generate", name, False) for name in NASTY),
        *(("generate", name, True) for name in COSTLIEST),
        *((command, WORST.get(command, "long lists"), True) for command in COMMANDS if command != "generate"),
        *(("run", name, True) for name in ("dropdowns", "equal labels", "prompts", "wide attributes")),
    ],
)
def test_a_process_takes_a_bounded_multiple_of_the_size(command: str, name: str, emoji: bool, tmp_path: Path) -> None:
    make, number = NASTY[name]
    small, least = resident_of_little(command)
    document = of_a_megabyte(with_emoji(make) if emoji else make, number)

    def is_enough(attempt: int) -> bool:
        large, most = resident(document, tmp_path / f"{attempt}", command)
        return most - least < TIMES * (large - small)

    # The same run takes half a megabyte more or less, depending on where the system puts its memory.
    assert is_enough(1) or is_enough(2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read out of /proc")
def test_the_items_of_generators_are_printed_one_generator_after_another(tmp_path: Path) -> None:
    _, least = resident(generators_of_many_items(1), tmp_path / "one", "show")
    _, most = resident(generators_of_many_items(20), tmp_path / "twenty", "show")
    assert most - least < 4 * MIB  # those of one take four


def test_an_emoji_does_not_make_the_docstring_of_a_class_four_times_as_large() -> None:
    document = with_emoji(NASTY["wide attributes"][0])(400)
    plan = plan_document(document, load("6.14.2"), source="nasty.json", options=Options(lenient=True))
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    assert takes_less(10 * size, lambda: draft_module(plan))  # 8.5, and 11 if it were text


@pytest.mark.parametrize(
    ("step", "command"),
    [("finished", ["generate", "held.json"]), ("unformatted", ["map", "export", "held.json"])],
)
def test_the_plan_is_free_when_the_text_is_put_together(
    step: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    made = getattr(Draft, step)

    def making(draft: Draft) -> Utf8:
        seen.append([plan for plan in gc.get_objects() if isinstance(plan, ModulePlan) and plan.source == "held.json"])
        text: Utf8 = made(draft)
        return text

    (tmp_path / "held.json").write_text(json.dumps(equal_labels(2)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Draft, step, making)
    assert CliRunner().invoke(shell, [*command, "--lenient"]).exit_code == 0
    assert seen == [[]]


PARTS = {"wide attributes": 4, "long lists": 4, "dropdowns": 2, "equal labels": 2, "prompts": 2}
"""The part of a nasty workflow that makes a module large enough for a fixed 150 KB not to matter."""


@pytest.mark.parametrize("name", slow_beyond(3, PARTS))
def test_the_interface_of_a_module_is_read_statement_by_statement(name: str) -> None:
    make, number = NASTY[name]
    text = generated(make(number // PARTS[name])).encode()
    read_module(text)
    # A syntax tree of the whole takes 20 to 30 times as much.
    assert takes_less(5 * len(text), lambda: read_module(text))


@pytest.mark.parametrize("letter", slow_beyond(2, ["x", "é", "\x1b"]))
def test_a_text_is_shown_in_few_copies(letter: str) -> None:
    text = letter * 1_000_000
    assert takes_less(3 * len(plain(text)), lambda: plain(text))


def test_a_pulled_workflow_is_encoded_in_parts() -> None:
    document = signed(with_emoji(equal_labels)(400), "k")
    text = text_of(document)
    assert takes_less(2 * len(text), lambda: (text_of(document), signed(document, "k")))


@pytest.mark.slow
def test_the_choices_of_a_schema_take_a_bounded_multiple_of_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.json").write_text(json.dumps(workflow(node("t", "tint", "1.2.3", shade="c0"), form=form("t.shade"))))

    def generating_with(number: int) -> tuple[int, Callable[[], object]]:
        choices = [f"c{position}" for position in range(number)]
        document = openapi({"shade": field({"type": "string", "enum": choices})})
        size = (tmp_path / "openapi-6.14.2.json").write_bytes(json.dumps(document).encode())
        arguments = ["generate", "w.json", "--schema", "openapi-6.14.2.json", "--force"]
        return size, lambda: CliRunner().invoke(shell, arguments, catch_exceptions=False)

    generating_with(10)[1]()  # warm caches
    small, generate = generating_with(4_000)
    least = peak_of(generate)
    large, generate = generating_with(16_000)
    assert peak_of(generate) < least + TIMES * (large - small)
    assert "c15999" in (tmp_path / "w.py").read_text(encoding="utf-8")
