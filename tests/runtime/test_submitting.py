"""Submitting: uploads, models, and what is refused before anything is sent."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage
from PIL import Image

from invokable import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    Model,
    NotFoundError,
    Policy,
    QueueFullError,
    RunFailed,
    ValidationError,
)
from invokable.contract.models import ANY_MODEL, ModelFilter
from invokable.runtime.steps.exchange.protocol import File, GetPolicy, Request, Response
from invokable.runtime.steps.resources.models import find_model
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.uploads import UploadCache
from invokable.testing import Fault, Simulator
from tests.examples import add_edge, add_node, imported, with_generator, workflow_class
from tests.runtime.driving import Driver, answer

UPLOAD = "/api/v1/images/upload"


def picture(colour: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def uploads(server: Simulator) -> int:
    return sum(request.path == UPLOAD for request in server.requests)


# --- uploads --------------------------------------------------------------------------------------------------------


def test_many_threads_upload_each_content_once(server: Simulator) -> None:
    client = server.client()
    colours = ["red", "blue", "green"]
    with ThreadPoolExecutor(12) as threads:
        results = list(threads.map(lambda n: client.run(ColourCard(stamp=picture(colours[n % 3]))), range(24)))
    assert len(results) == 24
    assert uploads(server) == 3


def test_many_tasks_upload_each_content_once(server: Simulator) -> None:
    async def main() -> None:
        async with AsyncClient._over(server.transport()) as client:
            await asyncio.gather(*(client.run(ColourCard(stamp=picture("red"))) for _ in range(12)))

    asyncio.run(main())
    assert uploads(server) == 1


def test_a_failed_upload_is_tried_by_the_runs_that_waited_for_it(server: Simulator) -> None:
    server.add_fault(Fault(kind="status", status=413, path="*/upload", times=2))
    client = server.client()

    def run(_: int) -> str:
        try:
            client.run(ColourCard(stamp=picture("red")))
        except Exception as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(run, range(6))) == ["APIError"] * 2 + ["done"] * 4
    assert uploads(server) == 1


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "status", "status_after", "cut_within", "html", "garbled"])
@pytest.mark.parametrize("of_a_run", [True, False], ids=["of a run", "by itself"])
def test_an_upload_is_retried(kind: str, of_a_run: bool, server: Simulator) -> None:
    server.add_fault(Fault(kind=kind, path="*/upload", times=2))
    client = server.client(policy=Policy(first_pause=0.01))
    if of_a_run:
        assert client.run(ColourCard(stamp=picture("red")), timeout=60).card
    else:
        assert client.images.upload(picture("red")).width == 8
    assert len(server.fired) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_does_not_wait_for_its_parents_upload() -> None:
    cache = UploadCache()
    file = File("image", picture("red"))
    started = cache.name_of(file, "parent")
    assert isinstance(next(started), GetPolicy)  # it is on its way
    pid = os.fork()
    if pid == 0:
        step = next(cache.name_of(file, "child"))
        os._exit(0 if isinstance(step, GetPolicy) else 1)  # it uploads the file itself, without a pause
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_deleted_upload_is_noticed_within_a_minute(server: Simulator) -> None:
    client = server.client()
    now = 1000.0
    client._engine.context.cache.uploads = UploadCache(lambda: now)
    client.run(ColourCard(stamp=picture("red")))
    delete_intermediates(server)
    now += 61
    client.run(ColourCard(stamp=picture("red")), timeout=60)
    assert uploads(server) == 2
    now += 61
    client.run(ColourCard(stamp=picture("red")), timeout=60)
    assert uploads(server) == 2


def test_after_a_failed_run_its_uploads_are_checked(server: Simulator) -> None:
    client = server.client()
    client.run(ColourCard(stamp=picture("red")))
    delete_intermediates(server)
    with pytest.raises(RunFailed):
        client.run(ColourCard(stamp=picture("red")), timeout=60)
    assert client.run(ColourCard(stamp=picture("red")), timeout=60).card


def test_cleaning_up_after_one_run_keeps_the_files_of_others(server: Simulator) -> None:
    client = server.client()

    def run(_: int) -> int:
        job = client.submit(ColourCard(stamp=picture("red")))
        job.result(timeout=60)
        return len(client.clean_up(job.submission))

    with ThreadPoolExecutor(8) as threads:
        deleted = list(threads.map(run, range(24)))
    assert sum(deleted) == uploads(server)


def test_cleaning_up_keeps_the_files_of_unfinished_runs(server: Simulator) -> None:
    client = server.client()
    server.pause()
    first, second = (client.submit(ColourCard(stamp=picture("red"), left=left)) for left in (0, 1))
    first.cancel()
    assert client.clean_up(first.submission) == ()
    server.resume()
    assert second.result(timeout=60).card
    assert client.clean_up(second.submission) == second.submission.uploads != ()


def test_the_files_of_a_refused_run_can_be_cleaned_up(server: Simulator) -> None:
    client = server.client(policy=Policy(retries=0))
    job = client.submit(ColourCard(stamp=picture("red")))
    server.add_fault(Fault(kind="status", status=413, path="*/enqueue_batch"))
    with pytest.raises(APIError):
        client.submit(ColourCard(stamp=picture("red")))
    job.result(timeout=60)
    assert client.clean_up(job.submission) == job.submission.uploads


def test_the_outcome_of_a_batch_is_logged_with_its_id(server: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "invokable"):
        result = server.client().run(ColourCard(stamp=picture("red")), timeout=60)
    batch = f"batch {result.batch_id}"
    assert [record.getMessage() for record in caplog.records if record.name == "invokable"][-2:] == [
        f"{batch} is on the server: items {result.item_ids}",
        f"{batch}: 1 completed",
    ]


def test_an_outage_is_logged_with_the_id_of_the_batch(server: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    job = server.client(policy=Policy(retries=0)).submit(ColourCard(stamp=picture("red")))
    server.add_fault(Fault(kind="status", status=503, path="*/b/*/status", times=1))
    with caplog.at_level("WARNING", "invokable"):
        server.client(policy=Policy(retries=0)).attach(ColourCard, job.batch_id).result(timeout=60)
    begun, over = (record.getMessage() for record in caplog.records if record.name == "invokable")
    assert begun.startswith(f"batch {job.batch_id}: the server does not answer (")
    assert over == f"batch {job.batch_id}: the server answers again"


def test_a_limit_that_was_raised_is_noticed(counted: Any) -> None:
    with Simulator(max_queue_size=4) as server:
        client = server.client()
        with pytest.raises(QueueFullError):
            client.run(counted(stamp=picture("red")))
        server._world.queue.max_size = 10
        assert len(client.run(counted(stamp=picture("red")), timeout=60).card) == 5


def delete_intermediates(server: Simulator) -> None:
    def steps() -> Any:
        yield Request("DELETE", "/api/v1/images/intermediates")

    server.client()._engine.drive(steps())


# --- models ---------------------------------------------------------------------------------------------------------

MODELS = [
    {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main"},
    {"key": "k2", "hash": "h2", "name": "dreams", "base": "sdxl", "type": "main"},
    {"key": "k3", "hash": "h1", "name": "copy", "base": "sd-1", "type": "main"},
    {"key": "k4", "hash": "h4", "name": "ink", "base": "sd-1", "type": "lora"},
]


def key_of(model: Model, wanted: ModelFilter = ANY_MODEL, policy: Policy | None = None) -> str:
    def reply(request: Request) -> Response:
        return answer({"models": MODELS})

    driver = Driver(reply)
    driver.policy = policy or driver.policy
    return driver.drive(find_model(model, wanted, ServerCache()))["key"]


def test_a_model_is_found_by_key_then_by_hash_then_by_name() -> None:
    assert key_of(Model(key="k2", hash="h1", name="ink")) == "k2"
    assert key_of(Model(key="gone", hash="h4", name="dreams")) == "k4"
    assert key_of(Model(key="gone", hash="gone", name="dreams", base="sdxl")) == "k2"
    assert key_of(Model(name="dreams"), ModelFilter(base=("sdxl",))) == "k2"


def test_the_policy_decides_how_a_model_is_found() -> None:
    assert key_of(Model(key="k2", hash="h4", name="copy"), policy=Policy(models=("name", "key"))) == "k3"
    with pytest.raises(NotFoundError, match="no model copy by key, as the policy requires"):
        key_of(Model(key="gone", name="copy"), policy=Policy(models=("key",)))


@pytest.mark.parametrize(
    ("model", "wanted", "words"),
    [
        (Model(name="dream"), ANY_MODEL, r"no model dream \(did you mean 'dreams'\?\)"),
        (Model(name="xyz"), ModelFilter(type=("lora",)), r"no model xyz \(the server has ink\)"),
        (Model(name="xyz"), ModelFilter(type=("vae",)), r"no model xyz \(the server has no suitable model\)"),
        (
            Model(name="ink"),
            ModelFilter(type=("main",)),
            r"ink is a LoRA model of sd-1; expected: main model \(the server has",
        ),
        (Model(name="dreams"), ANY_MODEL, r"2 models match dreams: dreams \(sd-1, key k1\), .*add base, type or key"),
    ],
)
def test_a_missing_model_is_reported_with_those_that_exist(model: Model, wanted: ModelFilter, words: str) -> None:
    with pytest.raises(NotFoundError, match=words):
        key_of(model, wanted)


def test_all_missing_models_are_reported_together_after_one_more_listing(server: Simulator) -> None:
    client = server.client()
    list(client.models.list())
    with pytest.raises(ValidationError) as caught:
        client.run(SD15TextToImage(model="dreamz"))
    (problem,) = caught.value.errors
    assert problem.attribute == "model"
    assert problem.candidates


# --- room in the queue ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def counted() -> Any:
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 8, "count": 5}
    return workflow_class(imported(with_generator(settings)))


def test_a_batch_that_the_queue_has_no_room_for_is_refused_before_anything_is_sent(counted: Any) -> None:
    with Simulator(max_queue_size=4) as server:
        with pytest.raises(QueueFullError, match=r"room for 4 of 5 items: 0 of at most 4.*max_queue_size") as caught:
            server.client().run(counted(stamp=picture("red")))
        assert (caught.value.enqueued, caught.value.requested) == (0, 5)
        assert uploads(server) == 0
        assert not any(request.path.endswith("enqueue_batch") for request in server.requests)


def test_validate_checks_the_room_for_a_single_item_too() -> None:
    with Simulator(max_queue_size=1) as server:
        server.pause()
        card = ColourCard(stamp=picture("red"))
        assert server.client().validate(card) == 1
        server.client().submit(card)
        with pytest.raises(QueueFullError, match=r"room for 0 of 1 items: 1 of at most 1 are pending"):
            server.client().validate(card)


def test_validate_does_not_assume_room_on_a_server_that_it_cannot_use(counted: Any) -> None:
    with Simulator(multiuser=True, users={"a@example.org": "Secret-pass-1"}) as server:
        for flow in (ColourCard(stamp=picture("red")), counted(stamp=picture("red"))):
            with pytest.raises(AuthenticationError):
                server.client().validate(flow)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))  # and does not listen
        nobody = f"http://127.0.0.1:{port.getsockname()[1]}"
        with Client(nobody, policy=Policy(retries=0)) as client, pytest.raises(ConnectionError):
            client.validate(ColourCard(stamp=picture("red")))


def test_the_values_of_a_batch_that_can_never_fit_are_not_made(counted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(settings: object) -> Any:
        raise AssertionError("100,000 values were made")

    monkeypatch.setattr("invokable.contract.generators.expand", made)
    many = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 8, "count": 100_000}
    with Simulator() as server:
        with pytest.raises(QueueFullError, match=r"room for 10000 of 100000 items"):
            server.client().run(counted(stamp=picture("red"), widths=many))
        assert uploads(server) == 0


@pytest.fixture(scope="module")
def tangled() -> Any:
    """A workflow with seven generators of 100,000 values each, which make more items than any number can count."""
    document = with_generator(
        {"type": "integer_generator_arithmetic_sequence", "start": 1, "step": 1, "count": 100_000}
    )
    for number in range(6):
        add_node(document, f"a{number}", "add", version="1.0.1", a=1, b=1)
        add_node(document, f"b{number}", "integer_batch", version="1.0.0", batch_group_id="None", integers=[])
        add_edge(document, "g", "integers", f"b{number}", "integers")
        add_edge(document, f"b{number}", "value", f"a{number}", "a")
    return workflow_class(imported(document))


def test_more_items_than_a_batch_id_can_count_are_refused(tangled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invokable.contract.generators.expand", None)
    with Simulator() as server, pytest.raises(QueueFullError, match=r"more than 4,294,967,295 items") as caught:
        server.client().run(tangled(stamp=picture("red")))
    assert caught.value.requested == 100_000**7


def test_a_large_batch_is_not_made_for_a_server_that_cannot_be_reached(
    counted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invokable.contract.generators.expand", None)
    many = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 8, "count": 100_000}
    with Client("http://127.0.0.1:9", policy=Policy(retries=0)) as client, pytest.raises(ConnectionError):
        client.run(counted(stamp=picture("red"), widths=many))


def test_pending_items_count(counted: Any) -> None:
    with Simulator(max_queue_size=9) as server:
        server.pause()
        client = server.client()
        client.submit(counted(stamp=picture("red")))
        with pytest.raises(QueueFullError, match="room for 4 of 5 items: 5 of at most 9 are pending"):
            client.submit(counted(stamp=picture("red")))


def test_without_a_known_limit_the_batch_is_submitted_anyway(counted: Any) -> None:
    with Simulator(faults=[Fault(kind="status", status=403, path="*/runtime_config")]) as server:
        assert len(server.client().run(counted(stamp=picture("red")), timeout=60).card) == 5


def test_a_single_item_needs_no_check() -> None:
    with Simulator() as server:
        Client.run(server.client(), ColourCard(stamp=picture("red")))
        assert not any("runtime_config" in request.path for request in server.requests)
