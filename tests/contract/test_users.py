"""Users: what the repositories give each of several users of one server, on the simulator and on a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from invokable import APIError, BoardError, Client
from tests.contract.test_repositories import WORKFLOW, enqueue
from tests.live.provision import Server

PASSWORD = "Secret123!x"  # of accounts that last for one test


class People:
    """An administrator and two users."""

    def __init__(self, server: Server) -> None:
        self.server = server
        server.post("/api/v1/auth/setup", {**_credentials("admin"), "display_name": "A"})
        token = self.token("admin")
        for name in ("one", "two"):
            account = {**_credentials(name), "display_name": name, "is_admin": False}
            server.post("/api/v1/auth/users", account, token=token)

    def client(self, name: str) -> Client:
        return Client(self.server.url, email=_credentials(name)["email"], password=PASSWORD)

    def token(self, name: str) -> str:
        return str(self.server.post("/api/v1/auth/login", _credentials(name))["token"])


def _credentials(name: str) -> dict[str, str]:
    return {"email": f"{name}@x.com", "password": PASSWORD}


@pytest.fixture(scope="module")
def people(crowd: Server) -> People:
    return People(crowd)


@pytest.fixture
def admin(people: People) -> Iterator[Client]:
    with people.client("admin") as client:
        yield client


@pytest.fixture
def one(people: People) -> Iterator[Client]:
    with people.client("one") as client:
        yield client


@pytest.fixture
def two(people: People) -> Iterator[Client]:
    with people.client("two") as client:
        yield client


def test_a_user_finds_only_boards_of_their_own(one: Client, two: Client, admin: Client) -> None:
    board = one.boards.create(f"t-{uuid4()}")
    with pytest.raises(BoardError):
        two.boards.find(board.name)
    assert one.boards.find(board.name).user_id == board.user_id != ""
    assert one.boards.rename(board, "mine").name == "mine"
    one.boards.delete(board)


def test_a_user_sees_only_images_of_their_own(one: Client, two: Client, stamp: Path) -> None:
    board = one.boards.create("private")
    image = one.images.upload(stamp, board=board)
    assert [found.name for found in one.images.list(board=board)] == [image.name]
    assert image.name not in two.images.names()
    for ask in (two.images.get, two.images.metadata, two.images.workflow):
        with pytest.raises(APIError) as caught:
            ask(image.name)
        assert caught.value.status == 403
    assert two.images.delete(image.name) == ()
    assert two.images.star(image.name) == ()
    assert one.images.get(image.name).bytes() == image.bytes()
    assert one.boards.delete(board, delete_contents=True) == (image.name,)


def test_only_an_administrator_stops_the_queue_and_installs(one: Client, admin: Client) -> None:
    for forbidden in (one.queue.pause, one.queue.resume, lambda: one.models.start_install("/x.safetensors")):
        with pytest.raises(APIError) as caught:
            forbidden()
        assert caught.value.status == 403
    admin.queue.pause()
    assert one.queue.status().paused
    admin.queue.resume()


def test_a_user_cannot_touch_the_items_of_another(one: Client, two: Client, admin: Client, people: People) -> None:
    admin.queue.pause()
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
    admin.queue.resume()


def test_the_server_says_that_it_has_several_users(one: Client, people: People) -> None:
    assert one.server.info().multiuser
    with Client(people.server.url) as nobody:
        assert nobody.server.info().max_queue_size is None  # which only users learn


def test_a_workflow_is_its_owners(one: Client) -> None:
    saved = one.workflows.save({**WORKFLOW, "name": f"t-{uuid4()}"})
    assert one.workflows.find(saved.name).user_id == saved.user_id != ""
    one.workflows.delete(saved)
