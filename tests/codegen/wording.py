"""Put other texts into workflows and configurations, and check that every module that is written works.

python -m tests.codegen.wording [COUNT [SEED]]     tries that many and prints what broke

For any label, title, description, note or configured name, `generate` either refuses it or exits with 0, the module can
be imported, an instance can be created once its required inputs are set, and mypy in strict mode and ruff find nothing.
"""

from __future__ import annotations

import importlib
import inspect
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from click.testing import CliRunner

from invokable import ValidationError
from invokable.cli.shell import shell
from invokable.codegen.naming.reserved import MODULE_NAMES, RESULT_MEMBERS, WORKFLOW_MEMBERS
from invokable.runtime import Color, LoRA, Model, StylePreset
from invokable.runtime.values.pins import pins_of
from tests.codegen.fuzz import documents
from tests.codegen.hostile import HOSTILE
from tests.examples import workflow_class

WORDS: tuple[str, ...] = (
    *HOSTILE.values(),
    *sorted(MODULE_NAMES | RESULT_MEMBERS | WORKFLOW_MEMBERS),
    *("", " ", "_", "__", "0", "12", "1 2 3", "l", "O", "I", "a-b", "A.B.C", "A_b", "é", "ß", "ǅ", "İ", "ı", "µ", "ª"),
    *(
        "写真",
        "Ünïcode Ümläut",
        "تجربة",
        "ไทย",
        "मात्रा",
        "x\u0301",
        "a\u200db",
        "Ⅷ",
        "²",
        "℮",
        "·",
        "a·b",
        "𐀀",
        "\ud800",
    ),
    *(
        "Width",
        "width",
        "WIDTH",
        "width 2",
        "width_2",
        "width (in px)",
        "[x]",
        "(see note)",
        "?",
        "Who?",
        "50%",
        "a  b",
    ),
    *("True", "False", "None", "async", "await", "lambda", "print", "exec", "type", "case", "yield", "nonlocal"),
    *("and so on...", "x" * 61, "word " * 40, "a_" * 40, "Value", "Value2", "Choice", "Model 2", "_private", "T"),
    *("def f(): ...", "- item", "1. one", "# heading", "```", "~~~", "`code`", "*em*", "[a](http://b)", "<b>", "a\\nb"),
    *("Args:", "Returns:", ">>> 1", ":param x: y", "..", "a::", "TODO: later", "password", "key", "id", "hash", "name"),
)

CHECKS = (
    *("E501", "COM812", "CPY001", "D102", "D203", "D213", "D301", "D4", "N", "PLC2401", "PLR0913"),
    *("RUF001", "RUF002", "S105"),
)
"""The rules that ruff reports for generated modules if all are enabled; docs/generated-modules.md has the reasons."""


def reworded(document: Any, rng: random.Random) -> Any:
    """A copy with some texts replaced."""
    document = json.loads(json.dumps(document))
    share = rng.choice((0.1, 0.5, 1.0))

    def put(owner: Any, key: str) -> None:
        if isinstance(owner, dict) and key in owner and rng.random() < share:
            owner[key] = rng.choice(WORDS)

    for slot in ("name", "description", "author", "notes", "tags"):
        put(document, slot)
    for node in document.get("nodes", ()):
        put(node["data"], "label")
        put(node["data"], "notes")
        for entry in (node["data"].get("inputs") or {}).values():
            put(entry, "label")
            put(entry, "description")
    form = document.get("form") or {}
    for element in (form.get("elements") or {}).values():
        put(element.get("data"), "content")
    return document


def configuration(document: Any, name: str, rng: random.Random) -> str:
    """A pyproject.toml that renames some inputs and outputs of the workflow."""
    table = f"[tool.invokable.workflows.{_toml(name)}]\n"
    ids = [node["id"] for node in document.get("nodes", ()) if node.get("type") == "invocation"]
    lines = ["[tool.invokable]", table]
    if rng.random() < 0.5:
        lines.append(f"class = {_toml(rng.choice(WORDS))}")
    if ids and rng.random() < 0.3:
        lines.append(f"outputs = {{ {_toml(rng.choice(ids))} = {_toml(rng.choice(WORDS))} }}")
    shown = [
        element["data"]["fieldIdentifier"]
        for element in ((document.get("form") or {}).get("elements") or {}).values()
        if element.get("type") == "node-field"
    ]
    if shown and rng.random() < 0.5:
        place = rng.choice(shown)
        renamed = f"{{ {_toml(place['fieldName'])} = {_toml(rng.choice(WORDS))} }}"
        lines.append(f"rename = {{ {_toml(place['nodeId'])} = {renamed} }}")
    return "\n".join(lines)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_modules(count: int, seed: int, folder: Path) -> list[str]:
    """Generate modules of reworded workflows into a folder, and return the names of those written."""
    rng = random.Random(seed)
    known = [document for document in documents() if isinstance(document, dict)]
    written = []
    for number in range(count):
        name = f"worded_{number:04d}"
        document = reworded(rng.choice(known), rng)
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
        config = configuration(document, f"{name}.json", rng) if rng.random() < 0.5 else "[tool.invokable]\n"
        (folder / "pyproject.toml").write_bytes(config.encode("utf-8", "surrogatepass"))
        command = ["generate", str(folder / f"{name}.json"), "-o", str(folder / f"{name}.py"), "--lenient"]
        done = CliRunner().invoke(shell, [*command, "--config", str(folder / "pyproject.toml")])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code == 0:
            written.append(name)
    return written


def problems(folder: Path, names: list[str], *, checkers: bool = True) -> Iterator[str]:
    """The errors in modules, each a line or a report."""
    sys.path.insert(0, str(folder))
    try:
        for name in names:
            try:
                instance(importlib.import_module(name))
            except Exception as error:
                yield f"{name}: {type(error).__name__}: {error}"
    finally:
        sys.path.remove(str(folder))
    files = [f"{name}.py" for name in names]
    if checkers:
        yield from _said("mypy", "--strict", *files, folder=folder)
        yield from _said("ruff", "check", "--isolated", "--no-cache", *files, folder=folder)
        rules = ["--select", "ALL", "--ignore", ",".join(CHECKS), "--target-version", "py311"]
        yield from _said("ruff", "check", "--isolated", "--no-cache", "-q", *rules, *files, folder=folder)
        yield from _said("black", "--check", *files, folder=folder)


def _said(*command: str, folder: Path) -> Iterator[str]:
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stdout + done.stderr


def instance(module: ModuleType) -> Any:
    """An instance of a module's class, with its required inputs set to the first valid values."""
    flow_class = workflow_class(module)
    required = [f.name for f in fields(flow_class) if f.default is MISSING and f.default_factory is MISSING]
    offered = {name: iter(_candidates(pins_of(flow_class).hints[name])) for name in required}
    given = {name: next(values) for name, values in offered.items()}
    while True:
        try:
            flow = flow_class(**given)
            break
        except ValidationError as error:
            for problem in error.errors:
                given[problem.attribute] = next(offered[problem.attribute])
    assert flow_class.from_dict(flow.to_dict()) == flow
    assert flow.replace(**given) == flow
    assert inspect.getdoc(flow_class)
    return flow


def _candidates(hint: Any) -> Iterator[Any]:
    """Values, some of which fit an annotation."""
    numbers = (0, 1, 8, 64, 0.5, 1.0)
    simple = ("x", True, "a.png", Model(name="m"), Color(r=1, g=2, b=3), LoRA("l"), StylePreset("s"))
    choices = [value for value in get_args(get_args(hint)[0]) if isinstance(value, str | int | bool)]
    singles = (*choices, *numbers, *simple)
    yield from singles
    yield from ([single] for single in singles)
    yield {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 1}
    yield {"type": "float_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 1}
    yield {"type": "string_generator_parse_string", "input": "a", "splitOn": ","}
    yield {"type": "image_generator_images_from_board", "category": "images"}


def main() -> None:
    """Try the number of workflows given on the command line."""
    count, seed = ([int(argument) for argument in sys.argv[1:]] + [100, 0][len(sys.argv) - 1 :])[:2]
    folder = Path(tempfile.mkdtemp(prefix="wording-"))
    names = write_modules(count, seed, folder)
    print(f"{len(names)} of {count} modules were written to {folder}")
    found = list(problems(folder, names))
    print(*found, sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
