"""Complete generator processes, in CPU seconds: `invokable generate` compared with others on a small sample.

    python -m tests.bench.generators

The others are installed into a new environment in a temporary folder. Their samples, an API with two operations and a
GraphQL schema with two queries, are in `samples`; both write about ten small files.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.examples import SHARED, WORKFLOWS

SAMPLES: Final = Path(__file__).parent / "samples"
PEERS: Final = ("openapi-python-client==0.29.1", "ariadne-codegen==0.19.0", "ruff")
ROUNDS: Final = 7
_PYPROJECT: Final = '[tool.ariadne-codegen]\nschema_path = "schema.graphql"\nqueries_path = "queries.graphql"\n'


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure, and the initial contents of its folder."""

    arguments: tuple[str, ...]
    folder: Path
    before: Callable[[], object]
    path: str = os.defpath


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = measured(ours(folder) | peers(folder))
    base = statistics.median(times["invokable, one workflow"])
    for command, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{command:<34} {median:6.2f} CPU-s ({min(seconds):.2f} to {max(seconds):.2f})   {median / base:5.2f}")


def ours(folder: Path) -> dict[str, Command]:
    """`invokable generate` for one workflow, for those that InvokeAI ships, and again without changes."""
    corpus = sorted((SHARED / "corpus").glob("default-*/workflow.json")) if SHARED.is_dir() else []
    sources = corpus or [WORKFLOWS / "colour_card.json"]
    shipped, many = folder / "shipped", folder / "many"
    shipped.mkdir()
    many.mkdir()
    for path in corpus:
        shutil.copy(path, shipped / f"{path.parent.name}.json")
    for number in range(300):
        shutil.copy(sources[number % len(sources)], many / f"w{number}.json")

    def command(name: str, source: Path, *, fresh: bool, verb: str = "generate") -> Command:
        output = folder / name
        arguments = (sys.executable, "-m", "invokable", verb, str(source), "-o", str(output), "--lenient")
        if not fresh:
            subprocess.run([*arguments[:3], "generate", *arguments[4:]], check=True, capture_output=True)
        return Command(arguments, folder, lambda: shutil.rmtree(output, ignore_errors=True) if fresh else None)

    found = {"invokable, one workflow": command("one", WORKFLOWS / "colour_card.json", fresh=True)}
    if corpus:
        found["invokable, the shipped workflows"] = command("all", shipped, fresh=True)
        found["  with nothing changed"] = command("unchanged", shipped, fresh=False)
        found["  check"] = command("checked", shipped, fresh=False, verb="check")
    found["  300 with nothing changed"] = command("unchanged-300", many, fresh=False)
    found["  check of 300"] = command("checked-300", many, fresh=False, verb="check")
    return found


def peers(folder: Path) -> dict[str, Command]:
    """The others, each with its sample."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "uv", "venv", "--quiet", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python, *PEERS], check=True)
    bin_folder = environment / "bin"
    for sample in SAMPLES.iterdir():
        shutil.copy(sample, folder)
    (folder / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")

    def command(name: str, *arguments: str, output: str) -> Command:
        return Command(
            (str(bin_folder / name), *arguments),
            folder,
            lambda: shutil.rmtree(folder / output, ignore_errors=True),
            path=f"{bin_folder}{os.pathsep}{os.defpath}",
        )

    openapi = ("generate", "--path", "pets.json", "--output-path", "pets", "--meta", "none")
    return {
        "openapi-python-client, 2 operations": command("openapi-python-client", *openapi, output="pets"),
        "ariadne-codegen, 2 queries": command("ariadne-codegen", output="graphql_client"),
    }


def measured(commands: Mapping[str, Command]) -> dict[str, list[float]]:
    """CPU seconds of each command, including children; the commands alternate."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            command.before()
            times[name].append(_cpu_seconds(command))
    return times


def _cpu_seconds(command: Command) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env={**environment, "PATH": command.path},  # with bytecode, like installed packages
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command.arguments)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
