"""The pytest plugin, as used by a project's own tests."""

from __future__ import annotations

import pytest
from generated_examples.sd15_text_to_image import SD15TextToImage

from invokable import Client
from invokable.testing import Simulator


def test_a_client_runs_a_workflow(invokable_client: Client, invokable_simulator: Simulator) -> None:
    flow = SD15TextToImage(model="Dreamshaper 8", positive_prompt="a fox", width=64, height=64)
    assert invokable_client.run(flow).image.pil().size == (64, 64)
    assert [job.begun for job in invokable_simulator.jobs] == [1]
    assert not invokable_simulator.is_served


def test_each_test_has_a_simulator_of_its_own(invokable_simulator: Simulator) -> None:
    assert invokable_simulator.jobs == []


@pytest.mark.invokable(version="6.8.1", models=[{"name": "mine", "base": "sd-1", "type": "main"}])
def test_the_marker_gives_it_its_options(invokable_client: Client) -> None:
    assert invokable_client.version() == "6.8.1"
    assert [model.name for model in invokable_client.models.list()] == ["mine"]
