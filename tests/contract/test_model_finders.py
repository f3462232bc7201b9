"""docs/extending.md: a project's own function to find models, through a whole run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from generated_examples.sd15_text_to_image import SD15TextToImage

import invokable
from invokable import Client, Model, ModelRecord, Policy, ValidationError
from invokable.testing import Simulator
from tests.examples import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
MODELS = [
    {"name": "Dreamshaper 8", "base": "sd-1", "type": "main"},
    {"name": "Twice", "base": "sd-1", "type": "main", "key": "k1", "hash": "h1"},
    {"name": "twice", "base": "sd-1", "type": "main", "key": "k2", "hash": "h2"},
    {"name": "dreamshaper 8", "base": "sdxl", "type": "main"},
]


def test_the_function_on_the_page_finds_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(from collections.abc import Sequence\n.*?)```", PAGE, re.DOTALL)
    with Simulator(models=MODELS) as simulator:
        url, made = simulator.serve(), Client
        monkeypatch.setattr(invokable, "Client", lambda **options: made(url, **options))
        names: dict[str, Any] = {}
        exec(compile(block, "extending.md", "exec"), names)
        with names["client"] as client:
            # The model with another base does not suit the field, and is not considered.
            assert client.run(SD15TextToImage(model="DREAMSHAPER 8"), timeout=60).images
            with pytest.raises(ValidationError, match="2 models match TWICE"):
                client.run(SD15TextToImage(model="TWICE"), timeout=60)
            with pytest.raises(ValidationError, match="no model nothing"):
                client.run(SD15TextToImage(model="nothing"), timeout=60)


def test_a_custom_function_is_called_in_its_turn() -> None:
    asked: list[str] = []

    def never(model: Model, records: Any) -> list[ModelRecord]:
        asked.append(model.name)
        return []

    with Simulator(models=MODELS[:1]) as simulator, simulator.client() as client:
        client.run(SD15TextToImage(model="Dreamshaper 8"), timeout=60)
    with Simulator(models=MODELS[:1]) as simulator:
        ways = Policy(models=("name", never))
        with Client(simulator.serve(), policy=ways) as client:
            client.run(SD15TextToImage(model="Dreamshaper 8"), timeout=60)
            assert asked == []
            with pytest.raises(ValidationError, match="no model gone"):
                client.run(SD15TextToImage(model="gone"), timeout=60)
    assert set(asked) == {"gone"}


def test_an_unknown_way_to_find_models_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a tuple of 'key', 'hash', 'name', and functions"):
        Policy(models=("title",))  # type: ignore[arg-type]
