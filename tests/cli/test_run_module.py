"""The module of a workflow file that is run: as if it had been imported, with a fraction of the memory."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard

from invokable import ValidationError
from invokable.cli.options import read_options
from invokable.cli.running.loading import load
from invokable.cli.running.module import run_module
from invokable.codegen import Options, plan_document
from invokable.codegen.render import Extent, draft_module
from invokable.contract.utf8 import Utf8
from invokable.runtime.values.pins import Pins, pins_of
from invokable.schema import load as load_schema
from tests.codegen.nasty import NASTY, with_emoji
from tests.effort import slow_among
from tests.examples import WORKFLOWS
from tests.memory import Sized, grows_by_at_most, takes_less

EXAMPLES: dict[str, Any] = {path.stem: json.loads(path.read_bytes()) for path in sorted(WORKFLOWS.glob("*.json"))}
REFUSED = {"batches over connectors", "one connector to many", "empty objects"}
"""The workflows that are too tangled to be read."""
READ = NASTY.keys() - REFUSED
TIMES = 20


def in_one_piece(text: Utf8, module: ModuleType) -> None:
    exec(compile(text, "made", "exec"), module.__dict__)


def content(run: Callable[[Utf8, ModuleType], None], text: Utf8, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a module defines."""
    module = ModuleType("made_for_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    run(text, module)
    return {
        name: described(value) if isinstance(value, type) and value.__module__ == module.__name__ else as_text(value)
        for name, value in vars(module).items()
        if not name.startswith(("__", "_list"))
    } | {"doc": module.__doc__}


def as_text(value: object) -> object:
    """A constant; JSON may be in UTF-8."""
    return value.decode() if isinstance(value, bytes) else value


def described(cls: type) -> dict[str, Any]:
    """What a class consists of, in order."""
    found: dict[str, Any] = {"name": cls.__qualname__, "bases": cls.__bases__, "doc": cls.__doc__}
    found["annotations"] = list(inspect.get_annotations(cls).items())
    for field in dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ():
        made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        found[f"field {field.name}"] = (made, field.kw_only, field.init)
    for name, value in vars(cls).items():
        if isinstance(value, type):
            found[name] = described(value)
        elif not name.startswith("__") and not callable(value):
            found[name] = value
    return found


def drafted(document: Any, extent: Extent = "code") -> tuple[Utf8, str]:
    """The text of a module, and the name of its class."""
    plan = plan_document(document, load_schema("6.14.2"), source="made.json", options=Options(lenient=True))
    return draft_module(plan, laid_out=False, extent=extent).unformatted(), plan.class_name


def check_pieces(document: Any, extent: Extent, monkeypatch: pytest.MonkeyPatch) -> None:
    text, class_name = drafted(document, extent)
    expected = content(in_one_piece, text, monkeypatch)
    assert content(run_module, text, monkeypatch) == expected
    assert "Result" in expected[class_name]


@pytest.fixture
def colour_card(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of an example whose module was run in pieces."""
    module = ModuleType("made_for_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    text, class_name = drafted(EXAMPLES["colour_card"])
    run_module(text, module)
    return vars(module)[class_name]


@pytest.mark.parametrize("extent", ["code", "whole"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_module_defines_the_same_in_pieces_as_in_one(
    name: str, extent: Extent, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_pieces(EXAMPLES[name], extent, monkeypatch)


@pytest.mark.parametrize("name", slow_among(sorted(READ), READ - {"long lists"}))
def test_so_does_a_long_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, number = NASTY[name]
    check_pieces(with_emoji(make)(number), "code", monkeypatch)


def test_instances_are_made_as_of_an_imported_class(colour_card: Any) -> None:
    made = colour_card(stamp="x.png", width=64)
    assert made.to_dict() == ColourCard(stamp="x.png", width=64).to_dict()
    assert made == colour_card(stamp="x.png", width=64) != colour_card(stamp="x.png")
    with pytest.raises(TypeError, match="stamp"):
        colour_card(width=64)
    with pytest.raises(TypeError, match="widht"):
        colour_card(stamp="x.png", widht=64)
    with pytest.raises(ValidationError):
        colour_card(stamp="x.png", width=1)


def test_no_parameter_is_compiled_for_each_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text, _ = drafted(NASTY["equal labels"][0](300))
    module = ModuleType("made_for_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert takes_less(5 * len(text), lambda: run_module(text, module))  # 3.2, and 9 if they are


def test_an_emoji_does_not_make_the_json_four_times_as_large(tmp_path: Path) -> None:
    make, _ = NASTY["prompts"]
    _, action = loading(with_emoji(make)(50), tmp_path)
    action()
    module = sys.modules["invokable_run"]
    workflow = vars(module)["_WORKFLOW"]
    assert "🦊" in json.loads(workflow)["name"]
    assert sys.getsizeof(workflow) < 1.1 * len(json.dumps(json.loads(workflow), ensure_ascii=False).encode())


def test_the_json_is_read_without_a_copy_of_it_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text, class_name = drafted(with_emoji(NASTY["dropdowns"][0])(800))
    module = ModuleType("made_for_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def action() -> Pins:
        run_module(text, module)
        return pins_of(vars(module)[class_name])

    action()  # imports what reads JSON
    assert takes_less(7 * len(text), action)  # 5.7, and 8.9 with the copy


def loading(document: Any, folder: Path) -> Sized:
    """The size of a workflow in bytes, and making its class and an instance, as far as it has defaults."""
    source = folder / "nasty.json"
    size = source.write_bytes(json.dumps(document, separators=(",", ":")).encode())
    options = read_options(config=None, schema=None, server=None, lenient=True)

    def action() -> object:
        loaded = load(str(source), lambda: options)
        try:
            return loaded, loaded.workflow()
        except TypeError:  # some input is required
            return loaded, pins_of(loaded.workflow)

    return size, action


@pytest.mark.parametrize("name", slow_among(sorted(READ), READ - {"long lists"}))
def test_its_memory_is_a_bounded_multiple_of_the_size(name: str, tmp_path: Path) -> None:
    make, number = NASTY[name]
    assert grows_by_at_most(TIMES, lambda parts: loading(make(parts), tmp_path), number // 8, number)
