"""Repositories, step by step: the requests to each version of the server, and how strange answers are handled."""

from __future__ import annotations

import io
import itertools
import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from invokable import (
    APIError,
    Board,
    BoardError,
    BoardRecord,
    ConnectionError,  # noqa: A004
    Image,
    ImageRecord,
    Model,
    ModelInstall,
    ModelInstallError,
    ModelRecord,
    NotFoundError,
    NotInvokeAIError,
    QueueItem,
    UnsupportedError,
)
from invokable.contract.nearest import similar
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.paging import Page
from invokable.runtime.steps.exchange.protocol import Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.resources.archives import fetch_archive
from invokable.runtime.steps.resources.boards import delete_board, find_board
from invokable.runtime.steps.resources.library import list_workflows
from invokable.runtime.steps.resources.media import (
    IMAGES,
    VIDEOS,
    Selection,
    delete_media,
    list_media,
    move_media,
    require_images,
    star_media,
)
from invokable.runtime.steps.resources.model_manager import (
    await_install,
    control_install,
    delete_model,
    find_model_record,
    prune_installs,
)
from invokable.runtime.steps.resources.queue import (
    cancel_destination,
    cancel_pending,
    delete_all,
    delete_destination,
    delete_pending,
    list_items,
    retry_items,
)
from invokable.runtime.steps.resources.run_items import cancel_batches
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.style_presets import create_preset
from invokable.runtime.steps.resources.versions import at_least, require
from invokable.testing import Simulator
from tests.runtime.driving import Driver, answer, in_turn, page

BOARD = {"board_id": "b1", "board_name": "Foxes", "created_at": "2026-01-02 03:04:05.678", "image_count": 3}
IMAGE = {"image_name": "a.png", "width": 4, "height": 3, "image_category": "user", "image_origin": "external"}
MODEL = {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main"}


def of(version: str) -> ServerCache:
    return ServerCache(version=version)


def whole(driver: Driver, first: Steps[Page[Any]]) -> list[Any]:
    """All items of a list."""
    found: list[Any] = []
    part = driver.drive(first)
    while True:
        found += part.items
        if part.following is None:
            return found
        part = driver.drive(part.following())


def by_path(answers: dict[str, Any]) -> Callable[[Request], Response | Exception]:
    """Answer by method and path, with the given answer or the result of calling it with the request."""

    def reply(request: Request) -> Response | Exception:
        found = answers[f"{request.method} {request.path}"]
        made = found(request) if callable(found) else found
        return made if isinstance(made, Response | Exception) else answer(made)

    return reply


# --- records ------------------------------------------------------------------------------------------------------


def test_a_record_has_defaults_for_what_a_version_does_not_report() -> None:
    board = record(
        BoardRecord, {**BOARD, "archived": None, "new": 1}, {"id": "board_id", "name": "board_name"}, where=""
    )
    assert (board.id, board.name, board.image_count, board.archived, board.video_count) == ("b1", "Foxes", 3, False, 0)
    assert board.created_at == datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


def test_a_time_with_a_zone_keeps_it() -> None:
    value = {"item_id": 1, "status": "pending", "created_at": "2026-01-02T03:04:05+02:00"}
    created = record(QueueItem, value, where="").created_at
    assert created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("value", [None, [], "x", {}, {"item_id": "x", "status": "pending"}, {"item_id": 1}])
def test_anything_but_a_record_is_refused(value: Any) -> None:
    with pytest.raises(NotInvokeAIError, match="/queue"):
        record(QueueItem, value, where="/queue")


def test_records_are_values_and_survive_pickling() -> None:
    image = ImageRecord(name="a.png", width=4, starred=True)
    assert isinstance(image, Image)
    copy = pickle.loads(pickle.dumps(image))
    assert (copy, copy.starred, copy.width) == (image, True, 4)
    error = ModelInstallError("no", install=ModelInstall(id=1, status="error"))
    assert pickle.loads(pickle.dumps(error)).install == error.install


def test_the_fraction_of_an_installation() -> None:
    assert ModelInstall(id=1, status="waiting").fraction == 0
    assert ModelInstall(id=1, status="downloading", bytes=50, total_bytes=200).fraction == 0.25
    assert ModelInstall(id=1, status="running", bytes=300, total_bytes=200).fraction == 1


@pytest.mark.parametrize(
    ("loaded", "total", "fraction"), [(10**400, 1, 1), (1, 10**400, 0), (-5, 10, 0), (5, -10, 0), (-5, -10, 0)]
)
def test_the_fraction_is_from_0_to_1_whatever_the_server_counts(loaded: int, total: int, fraction: float) -> None:
    assert ModelInstall(id=1, status="downloading", bytes=loaded, total_bytes=total).fraction == fraction


# --- versions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "needed", "is_enough"),
    [("6.14.2", "6.14", True), ("6.9.0", "6.14", False), ("6.14.0rc1", "6.14", True), ("7.0", "6.14", True)],
)
def test_versions_are_compared_number_by_number(version: str, needed: str, is_enough: bool) -> None:
    driver = Driver(by_path({"GET /api/v1/app/version": {"version": version}}))
    assert driver.drive(at_least(ServerCache(), needed)) is is_enough


def test_the_version_is_requested_once_and_again_if_it_was_too_old() -> None:
    versions = in_turn(answer({"version": "6.8.1"}), answer({"version": "6.8.1"}), answer({"version": "6.14.2"}))
    driver, cache = Driver(versions), ServerCache()
    assert driver.drive(at_least(cache, "6.0"))
    assert driver.drive(at_least(cache, "6.7"))
    assert len(driver.requests) == 1
    with pytest.raises(UnsupportedError, match=r"using them requires InvokeAI 6\.14 or later; the server has 6\.8\.1"):
        driver.drive(require(cache, "using them", "6.14"))
    driver.drive(require(cache, "using them", "6.14"))  # the server was upgraded meanwhile


def test_what_an_old_server_lacks_is_said_in_a_sentence() -> None:
    with Simulator(version="5.6.2") as simulator:
        client = simulator.client()
        with pytest.raises(UnsupportedError, match=r"^using videos requires InvokeAI 6\.14 or later; the server has 5"):
            client.videos.get("a.mp4")
        with pytest.raises(UnsupportedError, match=r"^using workflow thumbnails requires InvokeAI 5\.8 or later"):
            client.workflows.thumbnail("w")


# --- boards and media ---------------------------------------------------------------------------------------------


def test_a_board_that_is_missing_after_a_lost_answer_was_deleted() -> None:
    boards = answer([BOARD])
    driver = Driver(in_turn(boards, ConnectionError("broken", sent=True), answer({"detail": "Board not found"}, 404)))
    assert driver.drive(delete_board("Foxes", contents=False)).deleted_images == ()


def test_a_refused_deletion_of_a_board_is_reported() -> None:
    driver = Driver(in_turn(answer([BOARD]), answer({"detail": "not yours"}, 403)))
    with pytest.raises(APIError, match="not yours"):
        driver.drive(delete_board("Foxes", contents=False))


def test_a_name_refers_to_the_board_that_is_not_archived() -> None:
    old = {**BOARD, "board_id": "b0", "archived": True}
    assert Driver(in_turn(answer([old, BOARD]))).drive(find_board("Foxes")).id == "b1"
    assert Driver(in_turn(answer([old]))).drive(find_board("Foxes")).id == "b0"
    assert Driver(in_turn(answer([old, BOARD]))).drive(find_board(Board(id="b0"))).id == "b0"
    with pytest.raises(BoardError, match="2 boards"):
        Driver(in_turn(answer([BOARD, {**BOARD, "board_id": "b2"}]))).drive(find_board("Foxes"))


def test_servers_without_names_list_images_in_pages() -> None:
    names = [f"{number}.png" for number in range(450)]

    def some(request: Request) -> dict[str, Any]:
        start, most = request.params["offset"], request.params["limit"]
        items = [{**IMAGE, "image_name": name} for name in names[start : start + most]]
        return {"items": items, "total": len(names), "offset": start, "limit": most}

    answers = {"GET /api/v1/images/": some, "GET /api/v1/app/version": {"version": "5.15.0"}}
    driver = Driver(by_path(answers))
    assert [image.name for image in whole(driver, list_media(IMAGES, Selection(), of("5.15.0"), None))] == names
    assert driver.asked("GET").count("/api/v1/images/") == 3


def test_a_video_that_moved_to_another_page_is_requested_by_name() -> None:
    names = [f"{number}.mp4" for number in range(3)]
    videos = {name: {"video_name": name} for name in names}
    answers = {
        "GET /api/v1/videos/names": {"video_names": names},
        "GET /api/v1/videos/": {"items": [videos["0.mp4"], videos["2.mp4"]], "total": 2},
        "GET /api/v1/videos/i/1.mp4": videos["1.mp4"],
    }
    driver = Driver(by_path(answers))
    assert [video.name for video in whole(driver, list_media(VIDEOS, Selection(), of("6.14.2"), None))] == names
    gone = {**answers, "GET /api/v1/videos/i/1.mp4": answer({"detail": "Not Found"}, 404)}
    left = whole(Driver(by_path(gone)), list_media(VIDEOS, Selection(), of("6.14.2"), None))
    assert [video.name for video in left] == ["0.mp4", "2.mp4"]


def test_many_names_are_sent_in_several_requests_and_each_once() -> None:
    driver = Driver(lambda request: answer({"deleted_images": request.json["image_names"]}))
    names = [f"{number}.png" for number in range(1500)]
    assert driver.drive(delete_media(IMAGES, names + names, of("6.14.2"))) == tuple(names)
    assert [len(request.json["image_names"]) for request in driver.requests] == [1000, 500]
    assert driver.drive(delete_media(IMAGES, [], of("6.14.2"))) == ()
    assert len(driver.requests) == 2


def test_old_servers_have_other_names_for_what_they_changed() -> None:
    driver = Driver(in_turn(answer({"board_id": "b1", "added_image_names": ["a.png"]}, 201)))
    assert driver.drive(move_media(IMAGES, ["a.png"], "b1", of("5.0.2"))) == ("a.png",)


# --- archives -----------------------------------------------------------------------------------------------------


def archive(*fetched: Response | Exception) -> tuple[Driver, io.BytesIO]:
    """A driver that downloads a zip of a.png and b.png, with the answers to the requests for the zip in order."""
    left, into = list(fetched), io.BytesIO()

    def reply(request: Request) -> Response | Exception:
        if request.path.endswith("/image_names"):
            return answer(["a.png", "b.png"])
        if request.path == BY_NAMES:
            return answer([{**IMAGE, "image_name": name} for name in request.json["image_names"]])
        if request.path.endswith(".png"):
            return answer(IMAGE)
        if request.method == "POST":
            return answer({"bulk_download_item_name": "x y.zip"}, 202)
        assert request.path == "/api/v1/images/download/x%20y.zip"
        outcome = left.pop(0)
        if isinstance(outcome, Response) and outcome.status == 200:
            into.write(outcome.body)
        return outcome

    return Driver(reply), into


def pack(driver: Driver, into: io.BytesIO, *, board_id: str | None = None, timeout: float = 60) -> None:
    names = [] if board_id else ["a.png", "b.png"]
    driver.drive(fetch_archive(names, board_id, into, of("6.14.2"), driver.clock, timeout))


def zip_of(*names: str) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(f"general/{name}", name * 100)
    return file.getvalue()


def zipped(content: bytes) -> Response:
    return Response(200, "application/zip", content, "GET", "http://server")


WHOLE = zip_of("a.png", "b.png")
BROKEN = ConnectionError("cut", sent=True)
ZIPS = "/api/v1/images/download"
BY_NAMES = "/api/v1/images/images_by_names"


def zips_made(driver: Driver) -> int:
    return driver.asked("POST").count(ZIPS)


@pytest.mark.parametrize(
    ("version", "requests"), [("6.14.2", [BY_NAMES] * 3), ("5.15.0", [f"/api/v1/images/i/{n}.png" for n in range(401)])]
)
def test_the_images_of_a_zip_are_looked_for_with_few_requests(version: str, requests: list[str]) -> None:
    def reply(request: Request) -> Response:
        if request.path == BY_NAMES:
            return answer([{**IMAGE, "image_name": name} for name in request.json["image_names"]])
        return answer({"version": version}) if request.path.endswith("version") else answer(IMAGE)

    driver = Driver(reply)
    driver.drive(require_images([f"{n}.png" for n in range(401)], of(version)))
    assert [request.path for request in driver.requests if not request.path.endswith("version")] == requests


@pytest.mark.parametrize("name", ["b.png", "b" * 256])
@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (403, APIError)])
def test_an_image_that_the_server_leaves_out_is_asked_for(name: str, status: int, error: type[Exception]) -> None:
    def reply(request: Request) -> Response:
        if request.path == BY_NAMES:
            assert max(map(len, request.json["image_names"])) < 256  # or the server refuses all
            return answer([{**IMAGE, "image_name": "a.png"}])
        return answer({"detail": "No"}, status)

    driver = Driver(reply)
    with pytest.raises(error):
        driver.drive(require_images(["a.png", name], of("6.14.2")))
    assert driver.asked("GET") == [f"/api/v1/images/i/{name}"]


def test_more_names_than_the_server_takes_are_refused() -> None:
    names = [f"{n}.png" for n in range(1001)]
    driver = Driver(lambda _: answer({"version": "6.14.2"}))
    with pytest.raises(ValueError, match="at most 1000 images by name, not 1001; save several zips, or pass a board"):
        driver.drive(fetch_archive(names, None, io.BytesIO(), of("6.14.2"), driver.clock, 60))
    assert driver.asked("POST") == []


def test_an_older_server_takes_more_names() -> None:
    names = [f"{n}.png" for n in range(1001)]

    def reply(request: Request) -> Response:
        if request.path.endswith("/version"):
            return answer({"version": "6.8.1"})
        if request.path == BY_NAMES:
            return answer([{**IMAGE, "image_name": name} for name in request.json["image_names"]])
        return answer({"detail": "No"}, 403)

    driver = Driver(reply)
    with pytest.raises(APIError, match="No"):
        driver.drive(fetch_archive(names, None, io.BytesIO(), of("6.8.1"), driver.clock, 60))
    assert driver.asked("POST")[-1] == ZIPS


def test_an_image_that_is_given_twice_is_in_a_zip_once() -> None:
    driver, into = archive(zipped(WHOLE))
    driver.drive(fetch_archive(["a.png", "b.png", "a.png"], None, into, of("6.14.2"), driver.clock, 60))
    (request,) = (request for request in driver.requests if request.path == ZIPS)
    assert request.json == {"image_names": ["a.png", "b.png"]}


@pytest.mark.parametrize("board_id", [None, "b1"])
def test_a_zip_is_waited_for(board_id: str | None) -> None:
    waiting = answer({"detail": "Not Found"}, 404)
    driver, into = archive(waiting, waiting, zipped(WHOLE))
    pack(driver, into, board_id=board_id)
    assert into.getvalue() == WHOLE
    assert zips_made(driver) == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, len(WHOLE) - 1).map(lambda cut: zipped(WHOLE[:cut])) | st.just(BROKEN), max_size=6))
def test_a_zip_that_was_downloaded_before_it_was_whole_is_made_again(parts: list[Response | Exception]) -> None:
    driver, into = archive(*parts, zipped(WHOLE))
    pack(driver, into)
    assert into.getvalue() == WHOLE
    assert zips_made(driver) == len(parts) + 1
    waited = driver.now - 0.01 * len(driver.requests)
    assert waited == pytest.approx(0.1 * (2 ** (len(parts) + 1) - 1))  # each time twice as long


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 140), st.integers(0, 255), min_size=1, max_size=4))
@example({75: 70})  # needs a later version of the format
@example({72: 8, 35: 255})  # has a name that is not the UTF-8 it should be
def test_a_zip_with_a_damaged_end_raises_nothing_of_the_zip_library(damage: dict[int, int]) -> None:
    content = bytearray(WHOLE)
    for place, byte in damage.items():
        content[-place] = byte
    driver, into = archive(zipped(bytes(content)), zipped(WHOLE))
    pack(driver, into)
    assert into.getvalue() in (bytes(content), WHOLE)


def test_a_zip_that_is_never_whole_times_out() -> None:
    for part, error, match in (
        (zipped(WHOLE[:-1]), APIError, "not write the zip to its end"),
        (BROKEN, ConnectionError, "cut"),
    ):
        driver, into = archive(*[part] * 100)
        with pytest.raises(error, match=match):
            pack(driver, into)
        assert 60 <= driver.now <= 180


def test_a_server_that_is_gone_is_not_asked_for_another_zip() -> None:
    driver, into = archive(ConnectionError("refused"))
    with pytest.raises(ConnectionError, match="refused"):
        pack(driver, into)


@pytest.mark.parametrize("board_id", [None, "b1"])
def test_a_zip_that_lacks_images_is_an_error_if_it_does_each_time(board_id: str | None) -> None:
    driver, into = archive(*[zipped(zip_of("b.png"))] * 2, zipped(WHOLE))
    pack(driver, into, board_id=board_id)
    assert into.getvalue() == WHOLE
    driver, into = archive(*[zipped(zip_of("b.png"))] * 9)
    with pytest.raises(APIError, match=r"lacks 1 of 2 images, the first is 'a\.png'"):
        pack(driver, into, board_id=board_id)
    assert zips_made(driver) == 3


def test_waiting_for_a_zip_times_out() -> None:
    driver, into = archive(*[answer({"detail": "Not Found"}, 404)] * 100)
    with pytest.raises(APIError, match="no zip within 60 s"):
        pack(driver, into)
    assert 60 <= driver.now < 70


# --- models -------------------------------------------------------------------------------------------------------


def installing(*statuses: str, **more: Any) -> list[Response]:
    return [answer({"id": 7, "status": status, "source": {"path": "/x"}, **more}) for status in statuses]


def test_an_installation_is_followed_to_its_end() -> None:
    seen: list[str] = []
    ended = answer({"id": 7, "status": "completed", "source": {"path": "/x"}, "config_out": MODEL})
    driver = Driver(in_turn(*installing("downloading", "downloading", "running"), ended))
    begun = ModelInstall(id=7, status="waiting", source="/x")
    model = driver.drive(
        await_install(
            begun, ServerCache(), Deadline.after(60, driver.clock), lambda install: seen.append(install.status)
        )
    )
    assert model == ModelRecord(name="dreams", base="sd-1", type="main", key="k1", hash="h1")
    assert seen == ["waiting", "downloading", "running", "completed"]


def test_an_installation_that_fails_or_times_out_raises_an_error() -> None:
    begun = ModelInstall(id=7, status="waiting", source="/x")
    failing = Driver(in_turn(*installing("error", error="no room", error_reason="OSError")))
    with pytest.raises(ModelInstallError, match="/x was not installed: no room") as caught:
        failing.drive(await_install(begun, ServerCache(), Deadline.after(None, failing.clock), None))
    assert caught.value.install.status == "error"
    cancelled = Driver(in_turn(*installing("cancelled")))
    with pytest.raises(ModelInstallError, match="/x was canceled"):
        cancelled.drive(await_install(begun, ServerCache(), Deadline.after(None, cancelled.clock), None))
    slow = Driver(lambda _: installing("downloading")[0])
    with pytest.raises(ModelInstallError, match="was not installed within 5 s; the server continues"):
        slow.drive(await_install(begun, ServerCache(), Deadline.after(5, slow.clock), None))
    assert 5 <= slow.now < 6


@pytest.mark.parametrize(
    ("install", "error", "words"),
    [
        (7, ConnectionError, "no answer about installation 7 within 5 s: it is away"),
        (
            ModelInstall(id=7, status="running", source="/x"),
            ModelInstallError,
            "not known whether /x was installed: no",
        ),
    ],
)
def test_waiting_for_an_installation_times_out_although_the_server_does_not_answer(
    install: ModelInstall | int, error: type[Exception], words: str
) -> None:
    away = Driver(lambda _: ConnectionError("it is away"), exchange=4)
    with pytest.raises(error, match=words):
        away.drive(await_install(install, ServerCache(), Deadline.after(5, away.clock), None))
    assert 5 <= away.now < 10


def test_an_invalid_timeout_starts_no_installation() -> None:
    with Simulator() as simulator:
        with pytest.raises((TypeError, ValueError), match="timeout is '5'"):
            simulator.client().models.install("/x", timeout="5")  # type: ignore[arg-type]
        assert not simulator.requests


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("", ValueError, "the source of a model is ''; expected an existing path on the server, a URL, or a Hugging"),
        (" ", ValueError, "the source of a model is ' '"),
        (None, TypeError, "expected the source of a model, as text, got None"),
    ],
)
def test_an_empty_source_is_not_installed(source: Any, error: type[Exception], words: str) -> None:
    # A server takes it for its current folder.
    with Simulator() as simulator:
        with pytest.raises(error, match=words):
            simulator.client().models.install(source)
        assert not simulator.requests


def test_a_key_is_not_taken_for_the_empty_name_of_a_model() -> None:
    driver = Driver(by_path({"GET /api/v2/models/": lambda _: {"models": [{**MODEL, "name": ""}]}}))
    with pytest.raises(NotFoundError, match=r"^the server has no model nope$"):
        driver.drive(find_model_record(Model(key="nope"), ServerCache()))


def test_a_model_is_deleted_although_the_server_fails_to_answer() -> None:
    broken = Response(500, "text/plain", b"Internal Server Error", "DELETE", "http://server")

    def server(*, deletes: bool) -> Driver:
        models = [MODEL]

        def delete(_: Request) -> Response:
            if deletes:
                models.clear()
            return broken

        path = "/api/v2/models/"
        return Driver(by_path({f"GET {path}": lambda _: {"models": list(models)}, f"DELETE {path}i/k1": delete}))

    server(deletes=True).drive(delete_model("dreams", ServerCache()))
    with pytest.raises(APIError, match="500"):
        server(deletes=False).drive(delete_model("dreams", ServerCache()))


def test_installations_are_pruned_although_the_server_fails_to_answer() -> None:
    def server(*, after: int) -> Driver:
        """A server that prunes with the DELETE of that number, and fails to answer each one."""
        installs = [{"id": 7, "status": "completed", "source": {"path": "/x"}}]
        asked: list[Request] = []

        def prune(request: Request) -> Response:
            asked.append(request)
            if len(asked) == after:
                installs.clear()
            return Response(500, "text/plain", b"Internal Server Error", "DELETE", "http://server")

        path = "/api/v2/models/install"
        return Driver(by_path({f"GET {path}": lambda _: list(installs), f"DELETE {path}": prune}))

    at_once, later, never = server(after=1), server(after=2), server(after=99)
    at_once.drive(prune_installs())
    assert len(at_once.asked("DELETE")) == 1
    assert at_once.now < 0.1
    later.drive(prune_installs())
    with pytest.raises(APIError, match="500"):
        never.drive(prune_installs())
    assert len(never.asked("DELETE")) == 6


def test_a_refusal_to_prune_installations_is_an_error_although_there_is_nothing_to_prune() -> None:
    path = "/api/v2/models/install"
    refused = answer({"detail": "Admin privileges required"}, 403)
    server = Driver(by_path({f"GET {path}": [], f"DELETE {path}": refused}))
    with pytest.raises(APIError, match="403"):
        server.drive(prune_installs())


# --- queue, library, presets --------------------------------------------------------------------------------------


def test_servers_with_pages_list_items() -> None:
    def some(request: Request) -> dict[str, Any]:
        first = request.params.get("cursor", 0) + 1
        items = [{"item_id": number, "status": "pending"} for number in range(first, min(first + 200, 251))]
        return {"items": items, "has_more": first + 200 <= 250}

    answers = {"GET /api/v1/queue/default/list": some, "GET /api/v1/app/version": {"version": "6.3.0"}}
    driver = Driver(by_path(answers))
    found = whole(driver, list_items(of("6.3.0"), lambda item: item.item_id % 2 == 0, newest_first=True))
    assert [item.item_id for item in found] == list(range(250, 0, -2))
    found = whole(driver, list_items(of("6.3.0"), lambda item: item.item_id % 2 == 0, newest_first=False))
    assert [item.item_id for item in found] == list(range(2, 251, 2))


def test_a_retry_is_sent_once() -> None:
    found = answer([{"item_id": 3, "status": "failed"}])
    driver = Driver(in_turn(found, answer({"item_ids": [3]}), ConnectionError("broken", sent=True)))
    with pytest.raises(ConnectionError):
        driver.drive(retry_items([3], of("6.14.2")))
    assert driver.asked("PUT") == ["/api/v1/queue/default/retry_items_by_id"]


def test_a_refused_retry_of_items_is_reported() -> None:
    found = answer([{"item_id": 3, "status": "failed"}])
    driver = Driver(in_turn(found, answer({"item_ids": [3]}), answer({"detail": "not yours"}, 403)))
    with pytest.raises(APIError, match="not yours"):
        driver.drive(retry_items([3], of("6.14.2")))


@pytest.mark.parametrize("version", ["6.14.2", "6.3.0"])
def test_the_retry_of_a_retry_is_recognized_by_the_original_item(version: str) -> None:
    def row(number: int, first: int | None = None) -> dict[str, Any]:
        return {"item_id": number, "status": "canceled", "retried_from_item_id": first}

    rows = [row(1), row(2, 1), row(3)]

    def put(request: Request) -> dict[str, Any]:
        assert request.json == [2]  # missing items make old servers fail
        rows.extend([row(4), row(5, 1)])
        return {"retried_item_ids": [2]}

    answers = {
        "GET /api/v1/app/version": {"version": version},
        "GET /api/v1/queue/default/item_ids": lambda _: {"item_ids": [row["item_id"] for row in rows]},
        "GET /api/v1/queue/default/list": lambda _: {"items": rows, "has_more": False},
        "POST /api/v1/queue/default/items_by_ids": lambda request: [
            row for row in rows if row["item_id"] in request.json["item_ids"]
        ],
        "PUT /api/v1/queue/default/retry_items_by_id": put,
    }
    found = Driver(by_path(answers)).drive(retry_items([2, 9], of(version)))
    assert [item.item_id for item in found] == [5]


@pytest.mark.parametrize(("stored", "tags"), [("red, ,light blue,", ("red", "light blue")), ("", ()), (None, ())])
def test_the_tags_of_a_workflow_are_separated_by_commas(stored: str | None, tags: tuple[str, ...]) -> None:
    driver = Driver(lambda _: answer({"items": [{"workflow_id": "w", "name": "Fox", "tags": stored}], "pages": 1}))
    (found,) = driver.drive(list_workflows(of("6.14.2"), query="", category="user", tags=()))
    assert found.tags == tags


def test_a_preset_is_created_once() -> None:
    driver = Driver(in_turn(ConnectionError("broken", sent=True)))
    with pytest.raises(ConnectionError):
        driver.drive(create_preset("x", "{prompt}", "", None, of("6.14.2")))
    assert len(driver.requests) == 1


def test_a_preset_is_not_created_unshared_where_presets_cannot_be_shared() -> None:
    driver = Driver(lambda _: answer({"version": "6.12.0"}))
    with pytest.raises(UnsupportedError, match="sharing style presets"):
        driver.drive(create_preset("x", "{prompt}", "", None, of("6.12.0"), shared=True))
    assert not driver.asked("POST")


@pytest.mark.parametrize(("status", "posts"), [("downloading", 1), ("completed", 0), ("cancelled", 0)])
def test_an_installation_is_paused_unless_it_has_ended(status: str, posts: int) -> None:
    path = "/api/v2/models/install/7"
    driver = Driver(by_path({f"GET {path}": {"id": 7, "status": status}, f"POST {path}/pause": {}}))
    install = driver.drive(control_install(7, "pause", of("6.14.2")))
    assert (install.id, install.source) == (7, "")
    assert len(driver.asked("POST")) == posts


def test_old_servers_list_one_category_at_a_time() -> None:
    def some(request: Request) -> dict[str, Any]:
        name = request.params["category"]
        return {"items": [{"workflow_id": name, "name": name}], "pages": 1}

    answers = {"GET /api/v1/workflows/": some, "GET /api/v1/app/version": {"version": "5.6.2"}}
    found = Driver(by_path(answers)).drive(list_workflows(of("5.6.2"), query="", category="", tags=()))
    assert [workflow.id for workflow in found] == ["user", "default"]


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cancel_batches(["b1"]),
        lambda cache: cancel_destination("mine"),
        cancel_pending,
        lambda cache: delete_all("prune"),
        delete_pending,
        lambda cache: delete_destination("mine", cache),
        lambda cache: delete_media(IMAGES, ["a.png"], cache),
        lambda cache: star_media(IMAGES, ["a.png"], cache, starred=True),
    ],
)
def test_an_answer_about_something_else_does_not_mean_that_nothing_was_done(change: Any) -> None:
    with pytest.raises(NotInvokeAIError):
        Driver(lambda _: answer({"hello": "world"})).drive(change(of("6.14.2")))


def test_a_web_page_is_not_a_list() -> None:
    with pytest.raises(NotInvokeAIError):
        Driver(lambda _: page()).drive(find_board("Foxes"))
    with pytest.raises(NotFoundError):
        Driver(in_turn(answer([]))).drive(find_board("Foxes"))


def test_names_of_any_length_and_number_are_compared_in_bounded_time() -> None:
    assert similar("foxs", itertools.repeat("foxes")) == ["foxes"]
    assert similar("x" * 101, ["x" * 101]) == []
    assert similar("foxs", ["foxes" * 1000]) == []
