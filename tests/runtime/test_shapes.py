"""Shapes: whatever JSON a server answers, a call returns something or raises one of our errors."""

from __future__ import annotations

import contextlib
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from generated_examples.colour_card import ColourCard

from invokable import Client, Image, InvokableError, ModelRecord, Policy
from invokable.testing import Simulator
from tests.contract.proxy import Proxy
from tests.effort import tries
from tests.examples import example
from tests.testing.asking import picture

ANY: Final = '[null, true, 0, -1, 1e99, 1.5, "", "x", "a/b", [], {}, [null], [[]], {"a": 1}, ["x", "x"]]'
ONCE: Final = Policy(retries=0, total_timeout=5)


@dataclass(frozen=True)
class Given:
    """What is on the server, and a folder to write to."""

    image: Image
    model: ModelRecord
    folder: Path


Call = Callable[[Client, Given], object]
CALLS: Final[dict[str, Call]] = {
    "check": lambda client, given: client.check(ColourCard),
    "validate": lambda client, given: client.validate(ColourCard(stamp=given.image, board="Foxes")),
    "upload": lambda client, given: client.upload(picture(), board="Foxes"),
    "boards.list": lambda client, given: list(client.boards.list()),
    "boards.create": lambda client, given: client.boards.create("Hares"),
    "boards.rename": lambda client, given: client.boards.rename("Foxes", "Foxes"),
    "boards.move": lambda client, given: client.boards.move(given.image, to="Foxes"),
    "images.list": lambda client, given: list(client.images.list()),
    "images.names": lambda client, given: client.images.names(),
    "images.get": lambda client, given: client.images.get(given.image.name),
    "images.metadata": lambda client, given: client.images.metadata(given.image),
    "images.workflow": lambda client, given: client.images.workflow(given.image),
    "images.star": lambda client, given: client.images.star(given.image),
    "images.move": lambda client, given: client.images.move(given.image, to="none"),
    "images.update": lambda client, given: client.images.update(given.image, starred=True),
    "images.delete": lambda client, given: client.images.delete(given.image),
    "images.download_zip": lambda client, given: client.images.download_zip(
        given.folder / "a.zip", given.image, timeout=0.2
    ),
    "images.count_intermediates": lambda client, given: client.images.count_intermediates(),
    "videos.list": lambda client, given: list(client.videos.list()),
    "models.list": lambda client, given: list(client.models.list()),
    "models.update": lambda client, given: client.models.update(given.model, description="x"),
    "models.scan": lambda client, given: client.models.scan(str(given.folder)),
    "models.start_install": lambda client, given: client.models.start_install("/a.safetensors"),
    "models.installs": lambda client, given: client.models.installs(),
    "queue.status": lambda client, given: client.queue.status(),
    "queue.list": lambda client, given: list(client.queue.list()),
    "queue.current": lambda client, given: client.queue.current(),
    "queue.get": lambda client, given: client.queue.get(1).values,
    "queue.cancel": lambda client, given: client.queue.cancel(1),
    "queue.retry": lambda client, given: client.queue.retry(1),
    "queue.prune": lambda client, given: client.queue.prune(),
    "workflows.list": lambda client, given: list(client.workflows.list()),
    "workflows.find": lambda client, given: client.workflows.find("Colour Card"),
    "style_presets.list": lambda client, given: list(client.style_presets.list()),
    "style_presets.create": lambda client, given: client.style_presets.create("Oil", positive_prompt="{prompt}"),
    "server.info": lambda client, given: client.server.info(),
    "server.user": lambda client, given: client.server.user(),
    "server.invocation_cache": lambda client, given: client.server.invocation_cache(),
}


class Misshaping(Proxy):
    """Changes one to three places in each JSON answer."""

    draw = random.Random(0)
    changes = 0

    def _ask(self, request: bytes, *, whole: bool = True) -> bytes:
        request = request.replace(b"gzip", b"identity", 1)
        head, separator, body = super()._ask(request, whole=whole).partition(b"\r\n\r\n")
        if b"application/json" in head:
            document = json.loads(body)
            for _ in range(self.draw.randint(1, 3)):
                document = self._changed(document)
            body = json.dumps(document).encode()
            head = re.sub(rb"(?i)content-length: *\d+", b"Content-Length: %d" % len(body), head)
        return head + separator + body

    def _changed(self, value: Any) -> Any:
        """The value with something else somewhere in it."""
        self.changes += 1
        if not isinstance(value, dict | list) or not value or self.draw.random() < 0.25:
            return self.draw.choice(json.loads(ANY))
        key = self.draw.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if self.draw.random() < 0.25:
            del value[key]
        else:
            value[key] = self._changed(value[key])
        return value


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Misshaping, Given]]:
    with Simulator(boards=["Foxes"]) as simulator:
        client = simulator.client()
        image = client.run(ColourCard(stamp=picture(), width=64, height=64)).card
        client.workflows.save(example("colour_card.json"))
        between = Misshaping(simulator.serve())
        folder = tmp_path_factory.mktemp("files")
        yield between, Given(image, next(client.models.list()), folder)
        between.close()


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_of_any_shape_causes_no_other_exception(name: str, behind: tuple[Misshaping, Given]) -> None:
    proxy, given = behind
    before, runs = proxy.changes, tries(60)
    for seed in range(runs):
        proxy.draw = random.Random(f"{name} {seed}")
        with Client(proxy.url, policy=ONCE) as client, contextlib.suppress(InvokableError):
            CALLS[name](client, given)
    assert proxy.changes - before >= runs
