"""invokable run: the seed in a file name is the one that the file was made with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from invokable.cli.shell import shell
from invokable.testing import Simulator
from tests.cli.test_run import saved
from tests.examples import add_edge, add_node, example, feed, node

SEEDS = {"type": "integer_generator_arithmetic_sequence", "start": 7, "step": 10, "count": 3}


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.serve()
        yield simulator


def names(server: Simulator, tmp_path: Path, document: Any, *arguments: str) -> list[str]:
    """The names of the files of a run."""
    model = next(model.name for model in server.client().models.list() if (model.base, model.type) == ("sd-1", "main"))
    command = [str(saved(tmp_path, document)), "--set", f"model={model}", "--url", server.url, *arguments]
    done = CliRunner().invoke(shell, ["run", *command, "--out", str(tmp_path / "out" / "{seed}-{index}")])
    assert done.exit_code == 0, done.output
    return sorted(path.stem for path in (tmp_path / "out").iterdir())


def noise(document: Any) -> str:
    found: str = node(document, "noise")["id"]
    return found


def test_a_batch_of_seeds_names_each_file_after_its_own(server: Simulator, tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    feed(document, "integer", SEEDS, noise(document), "seed", label="Seeds")
    assert names(server, tmp_path, document) == ["17-1", "27-2", "7-0"]


def test_a_batch_of_anything_else_has_the_seed_of_the_form(server: Simulator, tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    feed(document, "integer", SEEDS, node(document, "denoise_latents")["id"], "steps", label="All steps")
    assert names(server, tmp_path, document, "--set", "seed=5") == ["5-0", "5-1", "5-2"]


def test_a_seed_that_an_edge_brings_is_the_one_that_came(server: Simulator, tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    add_node(document, "sum", "add", version="1.0.1", a=40, b=2)
    add_edge(document, "sum", "value", noise(document), "seed")
    assert names(server, tmp_path, document) == ["42-0"]


def test_each_iteration_has_its_own_seed(server: Simulator, tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    add_node(document, "seeds", "integer_collection", version="1.0.0", collection=[3, 1, 2])
    add_node(document, "each", "iterate", version="1.1.0")
    add_edge(document, "seeds", "collection", "each", "collection")
    add_edge(document, "each", "item", noise(document), "seed")
    assert names(server, tmp_path, document) == ["1-1", "2-2", "3-0"]


def test_a_file_that_depends_on_no_seed_has_none(server: Simulator, tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    add_node(document, "plain", "blank_image", version="1.2.2", width=64, height=64)["isIntermediate"] = False
    found = names(server, tmp_path, document, "--set", "seed=5")
    assert found == ["5-0", "noseed-0"]
