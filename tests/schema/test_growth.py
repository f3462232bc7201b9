"""Growth: a schema of twice the size takes about twice the work, and at most twenty times its size in memory."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from invokable.contract.density import crowding
from invokable.schema import SchemaError
from invokable.schema.build import read_openapi
from tests.codegen.test_growth import calls
from tests.memory import Sized, grows_by_at_most, takes_less
from tests.schema.documents import Json, field, openapi

TIMES = 20


def of_fields(make: Callable[[int], Json]) -> Callable[[int], Json]:
    return lambda number: openapi({f"f{n}": make(n) for n in range(number)})


def of_nodes(number: int, outputs: int = 1) -> Json:
    """Many node types with the same output."""
    document = openapi(outputs={f"o{n}": {"field_kind": "output", "type": "integer"} for n in range(outputs)})
    schemas = document["components"]["schemas"]
    for position in range(number):
        schemas[f"N{position}"] = copy.deepcopy(schemas["TintInvocation"])
        schemas[f"N{position}"]["properties"]["type"]["default"] = f"n{position}"
    return document


LARGE: dict[str, tuple[Callable[[int], Json], int]] = {
    "fields": (of_fields(lambda n: field({"type": "integer"}, default=n)), 1_000),
    "shortest fields": (of_fields(lambda _: {"field_kind": 0, "$ref": "a"}), 3_000),
    "described fields": (of_fields(lambda n: field({"type": "string"}, description=f"{n} " + "word " * 60)), 400),
    "unions": (of_fields(lambda _: field({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]})), 600),
    "choices": (lambda n: openapi({"a": field({"type": "string", "enum": [f"c{i}" for i in range(n)]})}), 6_000),
    "labels": (
        lambda n: openapi({"a": field({"enum": ["a"]}, ui_choice_labels={f"{i}": "" for i in range(n)})}),
        9_000,
    ),
    "branches": (lambda n: openapi({"a": field({"anyOf": [{"type": "null", "title": "Nothing, at all"}] * n})}), 3_000),
    "node types": (of_nodes, 300),
    "node types with many outputs": (lambda n: of_nodes(n, outputs=3 * n), 300),
    "emoji": (lambda n: openapi({"a": field({"type": "string"}, description="😀 " * n)}), 100_000),
}


def reading(document: Json, folder: Path) -> Sized:
    """The size of a schema file, and reading it."""
    path = folder / "openapi-6.14.2.json"
    size = path.write_bytes(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    return size, lambda: read_openapi(str(path))


@pytest.mark.parametrize("name", LARGE)
def test_memory_grows_by_a_bounded_multiple_of_the_size(name: str, tmp_path: Path) -> None:
    make, number = LARGE[name]
    assert grows_by_at_most(TIMES, lambda parts: reading(make(parts), tmp_path), number // 4, number)


@pytest.mark.parametrize("name", LARGE)
def test_twice_the_size_is_about_twice_the_work(name: str, tmp_path: Path) -> None:
    make, number = LARGE[name]
    reading(make(10), tmp_path)[1]()
    counts = []
    for count in (number // 2, number):
        _, work = reading(make(count), tmp_path)
        counts.append(calls(work))
    assert counts[1] < 2.3 * counts[0] + 2_000


@pytest.mark.parametrize("value", [[], {}, 0, "a", [0], {"": 0}])
def test_a_schema_of_nearly_empty_values_is_refused_before_they_take_memory(value: Any, tmp_path: Path) -> None:
    size, work = reading(openapi() | {"x": [value] * 100_000}, tmp_path)

    def refused() -> None:
        with pytest.raises(SchemaError, match=r"^holds \d+ .*; an openapi.json of its size has fewer than \d+$"):
            work()

    assert takes_less(5 * size + 2**20, refused)  # a MiB is read at a time


@pytest.mark.parametrize("text", ['{"a": ["x, y", "{[", "\\"{"]', '{"a": "without an end, {[', "", '"' * 3_001])
def test_brackets_and_commas_are_counted_outside_of_texts(text: str) -> None:
    padding = '"' + "x" * 120_000 + '",'
    assert crowding(f"[{padding}{text}".encode(), "a text") == ""
    brackets = "[" * 30_000
    counted = crowding(f"{brackets}{padding}{text}".encode(), "a text")
    assert counted.partition(" ")[0] in ("30000", "30001", "30002", "30003")
