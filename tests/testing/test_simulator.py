"""The simulator, as used in tests."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import httpx
import pytest

import invokable.testing
from invokable import ModelInstallError
from invokable.runtime.steps.exchange.protocol import Request
from invokable.schema import SchemaError, versions
from invokable.testing import LoggedRequest, Simulator
from tests.effort import slow_among
from tests.examples import ROOT, example
from tests.testing.asking import ADD, QUEUE, Asking, datum, until

NEVER_LOADED = ("starlette", "uvicorn", "PIL", "httpx", "invokable.testing.simulator")


def test_the_client_needs_no_port() -> None:
    with Simulator(models=[{"name": "M", "base": "sd-1", "type": "main"}], boards=["Tests"]) as simulator:
        client = simulator.client()

        assert client.version() == "6.14.2"
        assert [model.name for model in client.models.list()] == ["M"]
        assert client.boards.find("Tests").name == "Tests"
        assert simulator.url == "http://simulator"


def test_the_client_goes_over_the_port_once_there_is_one() -> None:
    with Simulator("6.8.1") as simulator:
        url = simulator.serve()

        assert simulator.client().version() == "6.8.1"
        assert httpx.get(f"{url}/api/v1/app/version").json()["version"] == "6.8.1"
        assert simulator.serve() == url


@pytest.mark.parametrize("version", slow_among(versions(), {*versions()} - {"5.0.2", "6.8.1", "6.14.2"}))
def test_every_version_keeps_boards_images_and_workflows(version: str) -> None:
    with Simulator(version) as simulator:
        client = simulator.client()
        board = client.boards.rename(client.boards.create("A"), "B")
        image = client.images.upload("docs/images/demo.png", board=board)
        client.images.star(image)
        saved = client.workflows.save(example("colour_card.json"))
        client.workflows.save({**saved.document, "name": "Card"}, over=saved)

        assert [record.starred for record in client.images.list(board=board)] == [True]
        assert [record.name for record in client.workflows.list()] == ["Card"]

        client.workflows.delete(saved)
        client.boards.delete(board, delete_contents=True)

        assert not [*client.workflows.list(), *client.boards.list(), *client.images.list()]


def test_clients_that_await_use_the_same_transport(simulator: Simulator) -> None:
    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=simulator.transport(), base_url="http://simulator") as client:
            answers = await asyncio.gather(*(client.get("/api/v1/app/version") for _ in range(20)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200] * 20


def test_jobs_show_what_ran_and_how_often(ask: Asking) -> None:
    ids = ask.enqueue(data=[[datum([7, 8])]])["item_ids"]
    ask.wait(max(ids))
    ask.put("/clear")

    jobs = ask.simulator.jobs

    assert [(job.item_id, job.status, job.begun) for job in jobs] == [(1, "completed", 1), (2, "completed", 1)]
    assert [dict(job.values) for job in jobs] == [{("c", "a"): 7}, {("c", "a"): 8}]
    assert [dict(job.nodes) for job in jobs] == [{"c": 1}, {"c": 1}]


def test_requests_are_logged(ask: Asking) -> None:
    ask.get("/api/v1/app/version")
    ask.http.get(f"{QUEUE}/i/5")

    assert ask.simulator.requests == [
        LoggedRequest("GET", "/api/v1/app/version", 200),
        LoggedRequest("GET", f"{QUEUE}/i/5", 404),
    ]


def test_events_are_received_without_a_socket(ask: Asking) -> None:
    heard: list[str] = []
    ask.simulator.listen(lambda name, payload: heard.append(name))

    ask.wait(ask.enqueue()["item_ids"][0])

    until(lambda: len(heard) == 5)
    assert heard[0] == "batch_enqueued"


def test_speed_slows_every_node() -> None:
    nodes = {"a": {"id": "a", "type": "add"}, "b": {"id": "b", "type": "add", "a": 5}}
    with Simulator(speed=0.1) as simulator:
        ask = Asking(simulator)
        begin = time.monotonic()
        ask.wait(ask.enqueue(nodes)["item_ids"][0])

    assert time.monotonic() - begin >= 0.2


def test_a_canceled_item_stops_at_its_next_node() -> None:
    nodes = {"a": {"id": "a", "type": "add"}, "b": {"id": "b", "type": "add", "a": 5}}
    with Simulator(speed=0.5) as simulator:
        ask = Asking(simulator)
        item_id = ask.enqueue(nodes)["item_ids"][0]
        ask.wait(item_id, "in_progress")
        ask.put(f"/i/{item_id}/cancel")
        after = ask.enqueue()["item_ids"][0]
        ask.wait(after)

        canceled, _ = simulator.jobs

    assert canceled.status == "canceled"
    assert sum(canceled.nodes.values()) == 1


def test_unknown_paths_answer_a_page_as_the_server_does(ask: Asking) -> None:
    page = ask.http.get("/api/v1/nothing")
    posted = ask.http.post("/api/v1/nothing")

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (posted.status_code, posted.json()) == (405, {"detail": "Method Not Allowed"})
    assert posted.headers["allow"] == "GET, HEAD"
    assert ask.http.get("/api/v1/boards").headers["content-type"].startswith("text/html")


def test_large_answers_are_gzipped_for_clients_that_accept_it(ask: Asking) -> None:
    ask.simulator.pause()
    ask.enqueue(runs=2)

    small = ask.http.get(f"{QUEUE}/i/1")
    packed = ask.http.get(f"{QUEUE}/list_all")
    plain = ask.http.get(f"{QUEUE}/list_all", headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in small.headers
    assert packed.json() == plain.json()


def test_many_threads_may_ask_at_once(ask: Asking) -> None:
    def post() -> None:
        for _ in range(20):
            Asking(ask.simulator).enqueue()

    threads = [threading.Thread(target=post) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    until(lambda: ask.get(f"{QUEUE}/status")["queue"]["completed"] == 100)
    assert [job.begun for job in ask.simulator.jobs] == [1] * 100


def test_a_simulator_that_does_not_run_says_so() -> None:
    with pytest.raises(RuntimeError, match="start\\(\\)"):
        _ = Simulator().loop
    with pytest.raises(SchemaError, match=r"6\.14\.2"):
        Simulator("1.2.3")
    with pytest.raises(ValueError, match="has no type"):
        Simulator(models=[{"name": "M", "base": "sd-1"}])


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"base": "sd1", "type": "main"}, "the base 'sd1', which InvokeAI 6.14.2 does not know; did you mean \"sd-1\""),
        (
            {"base": "sd-1", "type": "mian"},
            "the type 'mian', which InvokeAI 6.14.2 does not know; did you mean \"main\"",
        ),
        ({"base": "sd-1", "type": "?"}, "does not know; expected one of clip_embed"),
    ],
)
def test_a_model_that_the_version_cannot_have_is_refused(about: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Simulator(models=[{"name": "M", **about}])


@pytest.mark.parametrize("source", ["", ".", "/"])
def test_a_folder_that_is_no_model_is_not_installed(source: str) -> None:
    # The request is sent by hand: a client refuses an empty source.
    with Simulator() as simulator:
        client = simulator.client()
        models = list(client.models.list())
        request = Request("POST", "/api/v2/models/install", {"source": source}, json={})
        started = json.loads(client._engine.transport.send(request).body)
        with pytest.raises(ModelInstallError, match=r"was not installed: Directory contains more than 50 files\."):
            client.models.wait(started["id"])
        assert list(client.models.list()) == models
        assert [(install.status, install.source) for install in client.models.installs()] == [("error", source or ".")]


def test_the_bases_of_models_are_those_of_the_version() -> None:
    imagen = {"name": "M", "base": "imagen4", "type": "main"}
    assert Simulator("6.0.2", models=[imagen]).version == "6.0.2"
    with pytest.raises(ValueError, match=r"InvokeAI 6\.14\.2 does not know"):
        Simulator(models=[imagen])


def test_nothing_of_it_is_loaded_by_the_package_and_the_runtime() -> None:
    script = f"import sys, invokable, invokable.runtime; print(*(n for n in {NEVER_LOADED!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("package", invokable.testing._EXTRA)
def test_a_missing_extra_is_one_clear_line(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"the simulator needs {package}: pip install 'invokable\[simulator\]'$"):
        invokable.testing.Simulator  # noqa: B018


def test_the_packages_of_the_extra_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {line.partition(">")[0] for line in project["optional-dependencies"]["simulator"]}
    homes = packages_distributions()
    assert {homes[package][0].lower().replace("_", "-") for package in invokable.testing._EXTRA} == wanted


@pytest.mark.slow
def test_five_thousand_jobs_within_a_minute() -> None:
    begin = time.monotonic()
    with Simulator() as simulator:
        ask = Asking(simulator)
        for number in range(5000):
            ask.enqueue({"c": {**ADD["c"], "a": number}})
        until(lambda: ask.get(f"{QUEUE}/status")["queue"]["completed"] == 5000, 60)

    assert time.monotonic() - begin < 60


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"max_queue_size": -1}, ValueError, "expected a number of items"),
        ({"users": {"ann@example.org": "secret"}}, ValueError, "multiuser=True"),
        ({"boards": "Foxes"}, TypeError, "as in ['Foxes']"),
        ({"faults": ["crash"]}, TypeError, "as in [Fault('crash')]"),
    ],
)
def test_options_that_would_have_no_or_another_effect_are_refused(
    options: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        Simulator(**options)


@pytest.mark.parametrize("speed", [-0.1, float("nan"), float("inf")])
def test_a_speed_is_a_finite_number_of_seconds(speed: float) -> None:
    with pytest.raises(ValueError, match="expected a number of seconds, 0 or more"):
        Simulator(speed=speed)
