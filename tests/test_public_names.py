"""Every public name has a docstring with an example of its use. The examples run."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, get_type_hints

import pytest
from generated_examples.colour_card import ColourCard

import invokable
from invokable.codegen import Options
from invokable.codegen.plan import Naming
from invokable.contract.interface import read_module, write_map
from invokable.testing import Simulator
from tests.effort import slow_beyond
from tests.examples import example, imported, node

NAMES = [name for name in invokable.__all__ if name != "__version__"]
_EXAMPLE = re.compile(r"\n\n((?:    .*(?:\n|$)|\n(?=\n*    ))+)")


def doc(name: str) -> str:
    return inspect.getdoc(getattr(invokable, name)) or ""


def examples(text: str) -> list[str]:
    """The indented blocks of a docstring that follow an empty line."""
    return [textwrap.dedent(block) for block in _EXAMPLE.findall(f"{text}\n")]


def methods(name: str) -> Iterator[tuple[str, Any]]:
    """The public methods and properties defined by a class."""
    for owner in getattr(getattr(invokable, name), "__mro__", ()):
        if owner.__module__.startswith("invokable"):
            yield from ((key, value) for key, value in vars(owner).items() if not key.startswith("_"))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    value = getattr(invokable, name)
    text = (vars(value).get("__doc__") if isinstance(value, type) else value.__doc__) or ""
    assert text
    # Dataclasses generate the signature as a docstring.
    assert not text.startswith(f"{name}(")


@pytest.mark.parametrize("name", NAMES)
def test_its_methods_say_what_they_do(name: str) -> None:
    silent = [
        key for key, value in methods(name) if (callable(value) or isinstance(value, property)) and not value.__doc__
    ]
    assert silent == []


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_repositories_and_their_methods_say_what_they_do(kind: str) -> None:
    client = getattr(invokable, kind)("http://127.0.0.1:1")
    repositories = {name: type(value) for name, value in vars(client).items() if not name.startswith("_")}
    assert len(repositories) == 8
    for name, repository in repositories.items():
        assert "raises ConnectionError and APIError" in (repository.__doc__ or ""), name
        for method in (key for key in dir(repository) if not key.startswith("_")):
            assert getattr(repository, method).__doc__, f"{name}.{method}"


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_example(name: str) -> None:
    assert examples(doc(name))
    assert "\nExample:\n\n    " in doc(name)


@pytest.mark.parametrize("name", NAMES)
def test_its_annotations_can_be_resolved(name: str) -> None:
    value = getattr(invokable, name)
    if isinstance(value, type) and not issubclass(value, Exception):
        assert get_type_hints(value).keys() >= getattr(value, "__dataclass_fields__", {}).keys()


def test_the_annotations_of_a_generated_class_can_be_resolved() -> None:
    assert get_type_hints(ColourCard)["width"] is int
    assert get_type_hints(ColourCard.Result)["card"] is invokable.Image


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The setup for the examples: a workflow class, clients, and files."""
    folder = tmp_path_factory.mktemp("world")
    with Simulator(boards=["Foxes"], speed=0.001) as server:
        url = server.serve()
        document, options = portrait(next(server.client().models.list(base="sd-1", type="main")))
        module = imported(document, options)
        (folder / "portrait.json").write_text(json.dumps(document), encoding="utf-8")
        (folder / "portrait.map.json").write_text(
            write_map(read_module(inspect.getsource(module).encode())), encoding="utf-8"
        )
        with invokable.Client(url) as client:
            client.run(module.Portrait(prompt="a fox")).image.save(folder / "fox.png")
        yield {
            "folder": folder,
            "Portrait": module.Portrait,
            "password": "secret",
            "Client": lambda *_, **options: invokable.Client(url),
            "AsyncClient": lambda *_, **options: invokable.AsyncClient(url),
        }


def portrait(model: Any) -> tuple[Any, Options]:
    """An example workflow with a model, and with names that read well in docstrings."""
    document = example("sd15_text_to_image.json")
    prompt = next(n["data"]["id"] for n in document["nodes"] if n["data"].get("label") == "Positive Prompt")
    board = node(document, "l2i")["id"]
    model_value = {key: getattr(model, key) for key in ("key", "hash", "name", "base", "type")}
    node(document, "main_model_loader")["inputs"]["model"]["value"] = model_value
    names = {(prompt, "value"): "prompt", (board, "board"): "board"}
    return document, Options(naming=Naming(class_name="Portrait", inputs=names))


def tasks() -> Iterator[tuple[str, str]]:
    for name in NAMES:
        for number, block in enumerate(examples(doc(name))):
            yield f"{name}-{number}", block
        for key, value in methods(name):
            for number, block in enumerate(examples(inspect.getdoc(value) or "")):
                yield f"{name}.{key}-{number}", block


TASKS = dict(tasks())


@pytest.mark.parametrize("name", slow_beyond(8, TASKS))
def test_the_example_runs(name: str, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world["folder"])
    asyncio.run(run(TASKS[name], world, asynchronous=name.startswith("Async")))


async def run(source: str, world: dict[str, Any], *, asynchronous: bool) -> None:
    code = compile(source, "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    names = {name: getattr(invokable, name) for name in NAMES} | world
    if asynchronous:
        async with world["AsyncClient"]() as client:
            job = await client.submit(world["Portrait"](prompt="a fox"))
            await execute(code, names | {"client": client, "job": job})
    else:
        with world["Client"]() as client:
            job = client.submit(world["Portrait"](prompt="a fox"))
            await execute(code, names | {"client": client, "job": job})


async def execute(code: CodeType, names: dict[str, Any]) -> None:
    returned = eval(code, names)
    if inspect.isawaitable(returned):
        await returned


def test_this_file_finds_examples() -> None:
    text = "What it is.\n\n    a = 1\n\n    b = 2\n\nArgs:\n    url: An address.\n"
    assert examples(text) == ["a = 1\n\nb = 2\n"]
    assert Path(__file__).name == "test_public_names.py"
