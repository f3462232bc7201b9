"""Users: what each user of a multi-user server sees, on the simulator and on real servers."""

from __future__ import annotations

import asyncio
import itertools
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from generated_examples.colour_card import ColourCard

from invokable import (
    APIError,
    AsyncClient,
    AuthenticationError,
    BoardError,
    Client,
    Ended,
    JobEvent,
    NodeFinished,
    RunFailed,
    WorkflowError,
)
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import Request
from tests.contract.test_repositories import WORKFLOW, enqueue
from tests.contract.videos import CUT, flow
from tests.live.provision import Server

PASSWORD = "Secret123!x"  # of accounts for one test


class People:
    """An administrator and two users."""

    def __init__(self, server: Server) -> None:
        self.server = server
        server.post("/api/v1/auth/setup", {**_credentials("admin"), "display_name": "A"})
        token = self.token("admin")
        for name in ("one", "two"):
            account = {**_credentials(name), "display_name": name, "is_admin": False}
            server.post("/api/v1/auth/users", account, token=token)

    def client(self, name: str, connect: Callable[..., Client]) -> Client:
        return connect(self.server.url, email=_credentials(name)["email"], password=PASSWORD)

    def token(self, name: str) -> str:
        return str(self.server.post("/api/v1/auth/login", _credentials(name))["token"])


def _credentials(name: str) -> dict[str, str]:
    return {"email": f"{name}@x.com", "password": PASSWORD}


@pytest.fixture(scope="session")  # the accounts can be created only once
def people(crowd: Server) -> People:
    return People(crowd)


@pytest.fixture
def admin(people: People, connect: Callable[..., Client]) -> Iterator[Client]:
    with people.client("admin", connect) as client:
        yield client


@pytest.fixture
def one(people: People, connect: Callable[..., Client]) -> Iterator[Client]:
    with people.client("one", connect) as client:
        yield client


@pytest.fixture
def two(people: People, connect: Callable[..., Client]) -> Iterator[Client]:
    with people.client("two", connect) as client:
        yield client


@pytest.fixture
def paused(admin: Client) -> Iterator[None]:
    """A paused queue, empty at first, since other tests leave items in it."""
    admin.queue.pause()
    admin.queue.clear()
    yield
    admin.queue.clear()
    admin.queue.resume()


def test_a_user_finds_only_their_own_boards(one: Client, two: Client, admin: Client) -> None:
    board = one.boards.create(f"t-{uuid4()}")
    with pytest.raises(BoardError):
        two.boards.find(board.name)
    assert one.boards.find(board.name).user_id == board.user_id != ""
    assert one.boards.rename(board, "mine").name == "mine"
    one.boards.delete(board)


def test_a_user_sees_only_their_own_images(one: Client, two: Client, stamp: Path, tmp_path: Path) -> None:
    board = one.boards.create("private")
    image = one.images.upload(stamp, board=board)
    assert [found.name for found in one.images.list(board=board)] == [image.name]
    assert image.name not in two.images.names()
    for ask in (two.images.get, two.images.metadata, two.images.workflow):
        with pytest.raises(APIError) as caught:
            ask(image.name)
        assert caught.value.status == 403
    own = two.images.upload(stamp)
    with pytest.raises(APIError) as caught:
        two.images.download_zip(tmp_path, own, image.name)
    assert caught.value.status == 403
    assert two.images.delete(image.name, own) == (own.name,)
    assert two.images.star(image.name) == ()
    assert one.images.get(image.name).bytes() == image.bytes()
    assert one.boards.delete(board, delete_contents=True) == (image.name,)


def test_a_user_sees_and_uses_only_their_own_videos(one: Client, two: Client, clip: bytes) -> None:
    video = one.videos.upload(clip)
    foreign = two.video(video.name)
    assert two.videos.names(is_intermediate=None) == ()
    for ask in (two.videos.get, two.videos.metadata, two.videos.thumbnail):
        with pytest.raises(APIError) as caught:
            ask(video.name)
        assert caught.value.status == 403
    with pytest.raises(APIError, match="Not authorized to access this video"):
        two.download(foreign)
    with pytest.raises(RunFailed, match="Queue user is not authorized to access this video"):
        two.run(flow(CUT, video=foreign), timeout=120)
    assert two.videos.delete(foreign) == two.videos.star(foreign) == ()
    assert one.run(flow(CUT, video=video), timeout=120).cut.width == 16
    assert one.videos.delete(video) == (video.name,)


def test_a_video_on_a_board_is_moved_by_its_owner_and_by_those_who_may_add_to_the_board(
    one: Client, two: Client, clip: bytes
) -> None:
    board, other = one.boards.create(f"t-{uuid4()}"), two.boards.create(f"t-{uuid4()}")
    video = one.videos.upload(clip, board=board)
    one.boards.set_visibility(board, "shared")
    for to in ("none", other):
        with pytest.raises(APIError) as caught:
            two.videos.move(two.video(video.name), to=to)
        assert caught.value.status == 403
    one.boards.set_visibility(board, "public")
    with pytest.raises(APIError) as caught:
        two.videos.move(two.video(video.name), to=other)
    assert caught.value.status == 403
    assert two.videos.move(two.video(video.name), to="none") == (video.name,)
    assert one.videos.get(video.name).board_id is None
    assert one.videos.move(video, to=board) == (video.name,)
    assert one.boards.delete(board, delete_contents=True) == (video.name,)
    two.boards.delete(other)


def test_only_an_administrator_pauses_the_queue_and_installs(one: Client, admin: Client) -> None:
    for forbidden in (one.queue.pause, one.queue.resume, lambda: one.models.start_install("/x.safetensors")):
        with pytest.raises(APIError) as caught:
            forbidden()
        assert caught.value.status == 403
    admin.queue.pause()
    assert one.queue.status().paused
    admin.queue.resume()


@pytest.mark.usefixtures("paused")
def test_a_user_cannot_change_another_users_items(one: Client, two: Client, people: People) -> None:
    item_id = enqueue(people.server, token=people.token("one"))[0]
    with pytest.raises(APIError) as caught:
        two.queue.cancel(item_id)
    assert caught.value.status == 403
    assert two.queue.clear() == 0
    assert one.queue.get(item_id).status == "pending"
    assert [item.item_id for item in one.queue.list()] == [item_id]
    assert one.queue.cancel(item_id)[0].status == "canceled"
    assert [item.retried_from_item_id for item in one.queue.retry(item_id)] == [item_id]
    assert one.queue.clear() == 2


@pytest.mark.usefixtures("paused")
def test_a_user_cannot_follow_another_users_run(one: Client, two: Client, stamp: Path) -> None:
    job = one.submit(ColourCard(stamp=stamp, width=64, height=64))
    foreign = two.attach(ColourCard, job.submission)
    for ask in (foreign.result, foreign.wait, foreign.status, foreign.finished, foreign.retry):
        with pytest.raises(WorkflowError, match="belong to another user") as caught:
            ask(timeout=20)
        assert caught.value.submission == job.submission
    assert job.status().pending == 1
    assert one.queue.clear() == 1


@pytest.mark.usefixtures("paused")
def test_a_user_cannot_cancel_another_users_run(one: Client, two: Client, stamp: Path) -> None:
    job = one.submit(ColourCard(stamp=stamp, width=64, height=64))
    with pytest.raises(WorkflowError, match="belong to another user; sign in with the account") as caught:
        two.attach(ColourCard, job.submission).cancel()
    assert caught.value.submission == job.submission
    assert job.status().pending == 1
    one.attach(ColourCard, job.submission).cancel()
    assert job.wait(timeout=60).canceled == 1
    job.cancel()  # nothing is left to cancel
    with pytest.raises(WorkflowError, match="belong to another user"):
        two.attach(ColourCard, job.submission).cancel()
    assert one.queue.clear() == 1


def test_the_server_reports_that_it_has_several_users(
    one: Client, people: People, connect: Callable[..., Client]
) -> None:
    assert one.server.info().multiuser
    with connect(people.server.url) as nobody:
        assert nobody.server.info().max_queue_size is None  # only reported to administrators


def test_a_job_whose_token_is_refused_runs_once_after_signing_in_again(one: Client, stamp: Path) -> None:
    image = one.upload(stamp)
    one._engine.transport._credentials.token = "expired"
    job = one.submit(ColourCard(stamp=image, width=sizes(1)[0], height=64))
    assert job.result(timeout=120).card.bytes()
    assert [item.status for item in one.queue.list() if item.batch_id == job.submission.batch_id] == ["completed"]


def test_each_user_receives_events_of_their_own_jobs(one: Client, two: Client, stamp: Path) -> None:
    def watched(client: Client, width: int) -> tuple[list[JobEvent], ColourCard.Result]:
        told: list[JobEvent] = []
        card = ColourCard(stamp=stamp, width=width, height=64)
        return told, client.run(card, timeout=120, on_progress=told.append)

    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(watched, (one, two), sizes(2)))  # with the same size, one would get the other's image
    for client, (told, result) in zip((one, two), runs, strict=True):
        assert {event.item_id for event in told} == set(result.item_ids)
        assert sum(isinstance(event, NodeFinished) for event in told) == 4
        assert isinstance(told[-1], Ended)
        assert client._engine.listener.connection_id > 0


def test_the_invocation_cache_gives_one_users_images_to_another(
    one: Client, two: Client, admin: Client, stamp: Path
) -> None:
    (width,) = sizes(1)
    card = ColourCard(stamp=stamp, width=width, height=64)
    assert one.run(card, timeout=120).card.width == width
    with pytest.raises(RunFailed, match="Queue user is not authorized to access this image") as caught:
        two.run(card, timeout=120)
    assert caught.value.error_type == "PermissionError"

    (other,) = sizes(1)
    assert two.run(card.replace(width=other), timeout=120).card.width == other
    admin.server.enable_invocation_cache(enabled=False)
    assert two.run(card, timeout=120).card.width == width
    admin.server.enable_invocation_cache()


_sizes = itertools.count(64, 8)


def sizes(count: int) -> list[int]:
    """Widths that no other job uses, so that the invocation cache has no results for them."""
    return list(itertools.islice(_sizes, count))


def test_the_answers_of_the_server_renew_the_token(people: People, connect: Callable[..., Client]) -> None:
    token = people.token("one")
    with connect(people.server.url, token=token) as client:
        time.sleep(1.1)  # tokens issued within the same second are equal
        client.cancel("nothing")
        assert client._engine.transport._credentials.token not in (None, token)
        client.queue.status()


def test_tasks_sign_in_and_receive_events_of_their_job(people: People, stamp: Path) -> None:
    async def main() -> list[str]:
        email = _credentials("two")["email"]
        async with AsyncClient(people.server.url, email=email, password=PASSWORD) as client:
            job = await client.submit(ColourCard(stamp=stamp, width=sizes(1)[0], height=64))
            return [type(event).__name__ async for event in job.events()]

    heard = asyncio.run(main())
    assert heard[-1] == "Ended"
    assert "Started" in heard


@pytest.mark.parametrize("password", [None, "wrong"])
def test_signing_in_requires_the_password(password: str | None, people: People, connect: Callable[..., Client]) -> None:
    email = _credentials("one")["email"] if password else None
    with (
        connect(people.server.url, email=email, password=password) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.queue.status()
    assert caught.value.status == 401
    assert ("check the email" if password else "INVOKEAI_TOKEN") in str(caught.value)


def test_a_changed_password_invalidates_the_token_and_the_new_one_signs_in(
    people: People, connect: Callable[..., Client]
) -> None:
    email = f"{uuid4()}@x.com"
    account = {"email": email, "password": PASSWORD, "display_name": "three", "is_admin": False}
    people.server.post("/api/v1/auth/users", account, token=people.token("admin"))
    token = str(people.server.post("/api/v1/auth/login", {"email": email, "password": PASSWORD})["token"])
    with connect(people.server.url, token=token) as client:
        client.queue.status()
        change = {"current_password": PASSWORD, "new_password": "Other123!x"}
        client._engine.drive(fetch(Request("PATCH", "/api/v1/auth/me", json=change)))
        client._engine.transport._credentials.token = token
        with pytest.raises(AuthenticationError):
            client.queue.status()
    with connect(people.server.url, email=email, password="Other123!x") as client:
        client.queue.status()


def test_a_workflow_is_private_until_it_is_shared(one: Client, two: Client, stamp: Path) -> None:
    saved = one.workflows.save({**WORKFLOW, "name": f"t-{uuid4()}"})
    assert one.workflows.find(saved.name).user_id == saved.user_id != ""
    assert not saved.is_public
    with pytest.raises(APIError) as caught:
        two.workflows.get(saved.id)
    assert caught.value.status == 403

    one.workflows.share(saved)

    assert two.workflows.get(saved.id).name == saved.name
    assert saved.id in {found.id for found in two.workflows.list(category="user", shared=True)}
    for change in (
        lambda: two.workflows.share(saved, shared=False),
        lambda: two.workflows.set_thumbnail(saved, stamp),
        lambda: two.workflows.delete(saved),
    ):
        with pytest.raises(APIError) as caught:
            change()
        assert caught.value.status == 403
    one.workflows.delete(saved)


def test_a_style_preset_is_private_until_it_is_shared(one: Client, two: Client) -> None:
    preset = one.style_presets.create(f"t-{uuid4()}")
    assert preset not in list(two.style_presets.list())
    with pytest.raises(APIError) as caught:
        two.style_presets.get(preset.id)
    assert caught.value.status == 403

    assert one.style_presets.update(preset, shared=True).is_public

    assert preset in list(two.style_presets.list())
    for change in (lambda: two.style_presets.update(preset, name="x"), lambda: two.style_presets.delete(preset)):
        with pytest.raises(APIError) as caught:
            change()
        assert caught.value.status == 403
    one.style_presets.delete(preset)
    shared = one.style_presets.create(f"t-{uuid4()}", shared=True)
    assert shared in list(two.style_presets.list())
    one.style_presets.delete(shared)


def test_a_shared_board_shows_its_images_and_a_public_one_accepts_those_of_others(
    one: Client, two: Client, stamp: Path, tmp_path: Path
) -> None:
    board = one.boards.create(f"t-{uuid4()}")
    image = one.images.upload(stamp, board=board)

    one.boards.set_visibility(board, "shared")

    assert two.boards.find(board.name) == board
    assert two.images.get(image.name).bytes() == image.bytes()
    assert two.images.delete(image) == ()
    with pytest.raises(APIError) as caught:
        two.images.upload(stamp, board=board)
    assert caught.value.status == 403
    assert two.images.move(image, to="none") == ()  # the board counts, not whose image it is
    with zipfile.ZipFile(two.images.download_zip(tmp_path / "one.zip", image)) as archive:
        assert len(archive.namelist()) == 1
    one.boards.set_visibility(board, "public")
    theirs = two.images.upload(stamp, board=board)
    assert theirs.board_id == board.id
    later = two.images.upload(stamp)
    assert two.images.move(later, image, to=board) == (later.name,)
    assert two.images.star(image) == (image.name,)
    one.boards.set_visibility(board, "shared")
    assert two.images.move(theirs, to="none") == ()
    assert one.images.move(theirs, to="none") == (theirs.name,)
    assert one.images.move(theirs, to="none") == (theirs.name,)  # is on no board, like any other
    assert one.images.delete(theirs, later) == (later.name,)
    assert two.images.delete(theirs) == (theirs.name,)
    with pytest.raises(APIError) as caught:
        two.boards.set_visibility(board, "private")
    assert caught.value.status == 403
    one.boards.delete(board)


def test_who_is_signed_in(one: Client, admin: Client, people: People, connect: Callable[..., Client]) -> None:
    user = one.server.user()
    assert user is not None
    assert (user.email, user.is_admin) == (_credentials("one")["email"], False)
    administrator = admin.server.user()
    assert administrator is not None
    assert administrator.is_admin
    with connect(people.server.url) as nobody, pytest.raises(AuthenticationError):
        nobody.server.user()


def test_operations_for_administrators_are_refused_to_others(one: Client, admin: Client) -> None:
    for forbidden in (
        one.images.delete_intermediates,
        one.models.installs,
        lambda: one.models.get_install(1),
        one.models.prune_installs,
        one.models.empty_cache,
        one.server.clear_invocation_cache,
        one.server.enable_invocation_cache,
        one.server.invocation_cache,
        lambda: one.models.scan("/tmp"),
    ):
        with pytest.raises(APIError) as caught:
            forbidden()
        assert caught.value.status == 403
    admin.models.empty_cache()
    assert admin.models.installs() == []
    assert admin.server.invocation_cache().enabled
    assert (admin.server.info().max_queue_size, one.server.info().max_queue_size) == (10_000, None)
