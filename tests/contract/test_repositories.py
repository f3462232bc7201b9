"""Repositories: managing what is on the server, on the simulator and on real servers."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard
from PIL import Image as PILImage

from invokable import (
    APIError,
    Board,
    BoardError,
    BoardRecord,
    Client,
    Image,
    InvokableError,
    Model,
    ModelInstall,
    NotFoundError,
    StylePreset,
    UnsupportedError,
    Video,
)
from tests.live.provision import Server

QUEUE = "/api/v1/queue/default"
WORKFLOW = {
    "name": "",
    "author": "me",
    "description": "of a test",
    "version": "1",
    "contact": "",
    "tags": "red, blue",
    "notes": "",
    "exposedFields": [],
    "meta": {"version": "3.0.0", "category": "user"},
    "nodes": [],
    "edges": [],
}


@pytest.fixture
def paused(server: Server, client: Client) -> Iterator[None]:
    client.queue.pause()
    client.queue.clear()
    yield
    client.queue.clear()
    client.queue.resume()


def enqueue(server: Server, runs: int = 1, token: str = "", **batch: object) -> list[int]:
    """Enqueue items that add two numbers. Returns their ids, oldest first."""
    graph = {"nodes": {"sum": {"id": "sum", "type": "add", "a": 1, "b": 2}}, "edges": []}
    body = {"batch": {"graph": graph, "runs": runs, **batch}}
    return sorted(server.post(f"{QUEUE}/enqueue_batch", body, token=token)["item_ids"])


def has_videos(client: Client) -> bool:
    return tuple(map(int, client.version().split(".")[:2])) >= (6, 14)


def has_sharing(client: Client) -> bool:
    return tuple(map(int, client.version().split(".")[:2])) >= (6, 13)


def _is_picture(content: bytes | None) -> bool:
    return PILImage.open(io.BytesIO(content or b"")).format in ("PNG", "WEBP")


# --- boards -------------------------------------------------------------------------------------------------------


def test_a_board_is_created_found_renamed_and_deleted(client: Client, board: BoardRecord, name: str) -> None:
    assert client.boards.find(name) == client.boards.get(board.id) == board == Board(id=board.id)
    assert len({board, Board(id=board.id)}) == 1
    assert board != StylePreset(board.id)
    assert board in list(client.boards.list())
    assert (board.name, board.image_count, board.archived) == (name, 0, False)
    assert board.created_at is not None
    assert abs(datetime.now(UTC) - board.created_at) < timedelta(minutes=5)

    renamed = client.boards.rename(name, f"{name} too")

    assert (renamed.id, client.boards.get(board.id).name) == (board.id, f"{name} too")
    assert client.boards.delete(board) == ()
    with pytest.raises(BoardError) as caught:
        client.boards.get(board.id)
    assert caught.value.found == 0


def test_a_missing_board_is_reported_with_similar_names(client: Client, board: BoardRecord) -> None:
    with pytest.raises(BoardError, match="did you mean") as caught:
        client.boards.find(f"{board.name}x")
    assert caught.value.nearest[0] == board.name
    with pytest.raises(BoardError):
        client.boards.delete(Board(id="nowhere"))


def test_several_boards_with_one_name_are_ambiguous(client: Client, board: BoardRecord, name: str) -> None:
    other = client.boards.create(name)
    with pytest.raises(BoardError, match="2 boards are named") as caught:
        client.boards.find_or_create(name)
    assert set(caught.value.nearest) == {board.id, other.id}
    assert caught.value.found == 2

    client.boards.archive(other)

    assert client.boards.find_or_create(name) == board
    assert other not in list(client.boards.list())
    assert other in list(client.boards.list(archived=True))
    client.boards.delete(other)


def test_an_archived_board_receives_images(client: Client, board: BoardRecord, stamp: Path) -> None:
    archived = client.boards.archive(board)
    image = client.images.upload(stamp, board=board.name)
    assert image.board_id == board.id
    for named in (archived, board.name):
        result = client.run(ColourCard(stamp=image, board=named, width=64, height=64), timeout=120)
        assert client.images.get(result.card.name).board_id == board.id


def test_a_board_is_created_only_once(client: Client, name: str) -> None:
    made = client.boards.find_or_create(name)
    assert client.boards.find_or_create(name) == made
    client.boards.delete(name)


@pytest.mark.parametrize("use", ["find", "create", "find_or_create", "delete"])
def test_none_is_not_a_board(client: Client, use: str) -> None:
    with pytest.raises(BoardError, match="means no board"):
        getattr(client.boards, use)("none")


def test_no_board_is_named_none(client: Client, board: BoardRecord) -> None:
    with pytest.raises(BoardError, match="means no board"):
        client.boards.rename(board, "none")


def test_the_contents_of_a_board_are_kept_unless_requested_otherwise(
    client: Client, board: BoardRecord, stamp: Path
) -> None:
    image = client.images.upload(stamp, board=board)
    assert client.boards.get(board.id).asset_count in (0, 1)  # servers before 6.6 do not count assets

    assert client.boards.delete(board) == ()
    assert client.images.get(image.name).board_id is None

    other = client.boards.create(board.name)
    client.boards.move(image, to=other)
    assert client.boards.delete(other, delete_contents=True) == (image.name,)
    with pytest.raises(NotFoundError):
        client.images.get(image.name)


def test_the_visibility_of_a_board(client: Client, board: BoardRecord) -> None:
    assert board.visibility == "private"
    if not has_sharing(client):
        with pytest.raises(UnsupportedError, match=r"requires InvokeAI 6\.13"):
            client.boards.set_visibility(board, "shared")
        return
    assert client.boards.set_visibility(board.name, "public").visibility == "public"
    assert client.boards.get(board.id).visibility == "public"


# --- images -------------------------------------------------------------------------------------------------------


def test_an_image_is_described(client: Client, board: BoardRecord, stamp: Path) -> None:
    image = client.images.upload(stamp, board=board.name, category="mask", metadata={"seed": 7})

    assert (image.width, image.height, image.category, image.origin) == (40, 30, "mask", "external")
    assert (image.board_id, image.starred, image.is_intermediate) == (board.id, False, False)
    assert client.images.get(image.name) == image == Image(image.name) == client.image(image.name)
    assert client.image(image.name) in list(client.images.list(board=board))
    assert len({image, Image(image.name)}) == 1
    assert image != Video(image.name)
    assert client.images.metadata(image) == {"seed": 7}
    assert image.pil().size == (40, 30)


def test_a_handle_of_an_image_survives_being_pickled(client: Client, stamp: Path) -> None:
    image = client.images.upload(stamp)

    copy = pickle.loads(pickle.dumps(image))

    assert copy == image
    assert copy.created_at == image.created_at
    assert client.image(copy).bytes() == client.image(image.name).bytes() == image.bytes()
    with pytest.raises(RuntimeError, match="no client"):
        copy.bytes()


def test_images_are_listed_by_what_they_are(client: Client, board: BoardRecord, stamp: Path) -> None:
    first, second = (client.images.upload(stamp, board=board) for _ in range(2))
    step = client.images.upload(stamp, board=board, is_intermediate=True)
    mask = client.images.upload(stamp, board=board, category="mask")

    def names(**chosen: object) -> list[str]:
        return [image.name for image in client.images.list(board=board, **chosen)]  # type: ignore[arg-type]

    assert names() == [mask.name, second.name, first.name]
    assert names(newest_first=False) == [first.name, second.name, mask.name]
    assert names(is_intermediate=True) == [step.name]
    assert set(names(is_intermediate=None)) == {first.name, second.name, mask.name, step.name}
    assert names(categories=["mask"]) == [mask.name]
    assert names(origin="internal") == []
    client.images.star(first)
    assert names(starred_first=True)[0] == first.name
    assert client.images.names(board=board) == (mask.name, second.name, first.name)
    client.images.delete(step)


def test_an_image_with_a_palette_is_an_array_of_its_colors(client: Client) -> None:
    picture = PILImage.new("RGBA", (3, 2), (250, 10, 20, 255))
    opaque, clear = (client.images.upload(made) for made in (picture.convert("RGB").quantize(), picture.quantize()))
    gray = client.images.upload(picture.convert("L"))
    try:
        assert opaque.pil().mode == clear.pil().mode == "P"
        assert opaque.numpy()[1, 2].tolist() == [250, 10, 20]
        assert clear.numpy()[1, 2, :3].tolist() == [250, 10, 20]
        assert gray.numpy().shape == (2, 3)
    finally:
        client.images.delete(opaque, clear, gray)


def test_images_are_searched_by_their_metadata(client: Client, stamp: Path, name: str) -> None:
    image = client.images.upload(stamp, metadata={"prompt": f"{name} in 10% gray"})
    assert [found.name for found in client.images.list(search=name)] == [image.name]
    for search in (f"{name}%GRAY", f"{name}_in", f"{name} in 10% ", f"%{name}%%"):
        assert client.images.names(search=search) == (image.name,)
    for search in (f"{name}in", f"{name}__in", f"gray%{name}"):
        assert client.images.names(search=search) == ()
    client.images.delete(image)


def test_deleting_during_an_iteration_skips_nothing(client: Client, board: BoardRecord, stamp: Path) -> None:
    uploaded = {client.images.upload(stamp, board=board).name for _ in range(5)}
    deleted = set()
    for image in client.images.list(board=board):
        deleted |= set(client.images.delete(image))
    assert deleted == uploaded
    assert list(client.images.list(board=board)) == []


def test_stars_and_changes(client: Client, stamp: Path) -> None:
    image = client.images.upload(stamp)
    assert client.images.star(image, "missing.png") == (image.name,)
    assert client.images.get(image.name).starred
    assert client.images.unstar(image.name) == (image.name,)
    changed = client.images.update(image, is_intermediate=True, category="control")
    assert (changed.starred, changed.is_intermediate, changed.category) == (False, True, "control")
    with pytest.raises(NotFoundError):
        client.images.update("missing.png", starred=True)
    client.images.delete(image)


def test_images_move_between_boards(client: Client, board: BoardRecord, stamp: Path) -> None:
    image = client.images.upload(stamp)
    assert client.images.move(image, "missing.png", to=board) == (image.name,)
    assert client.images.get(image.name).board_id == board.id
    assert client.images.move(image, to="none") == (image.name,)
    assert client.images.get(image.name).board_id is None
    with pytest.raises(BoardError):
        client.images.move(image, to=f"{board.name}x")
    assert client.images.upload(image, board=board).board_id == board.id
    client.boards.delete(board, delete_contents=True)


@pytest.mark.parametrize("missing", ["missing.png", "", ".", "..", "a/b.png", "?x=1", "ä%2f.png"])
def test_a_missing_image_is_reported(client: Client, missing: str) -> None:
    for ask in (client.images.get, client.images.metadata, client.images.workflow):
        with pytest.raises(NotFoundError, match="no image"):
            ask(missing)
    with pytest.raises(NotFoundError, match="no image"):
        client.download(Image(missing))
    assert client.images.delete("missing.png") == ()


def test_the_workflow_embedded_in_an_image(client: Client) -> None:
    text = {"invokeai_workflow": json.dumps({**WORKFLOW, "name": "inside"})}
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    buffer = io.BytesIO()
    PILImage.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=info)

    image = client.images.upload(buffer.getvalue())

    inside = client.images.workflow(image)
    assert image.has_workflow
    assert inside.workflow is not None
    assert (inside.workflow["name"], inside.graph) == ("inside", None)
    plain = client.images.upload(io.BytesIO(_png()))
    assert client.images.workflow(plain).workflow is None
    client.images.delete(image, plain)


def test_the_metadata_of_a_picture_is_kept(client: Client, tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("invokeai_metadata", json.dumps({"seed": 7}))
    path = tmp_path / "made.png"
    PILImage.new("RGB", (8, 8)).save(path, pnginfo=info)

    image = client.images.upload(PILImage.open(path))

    assert client.images.metadata(image) == {"seed": 7}
    assert json.loads(image.pil().info["invokeai_metadata"]) == {"seed": 7}


def _png() -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_many_images_are_downloaded_as_one_zip(client: Client, board: BoardRecord, stamp: Path, tmp_path: Path) -> None:
    images = [client.images.upload(stamp, board=board) for _ in range(3)]

    path = client.images.download_zip(tmp_path / "some.zip", *images[:2])

    with zipfile.ZipFile(path) as archive:
        assert {Path(name).name for name in archive.namelist()} == {image.name for image in images[:2]}
        assert archive.read(archive.namelist()[0]).startswith(b"\x89PNG")
    whole = client.images.download_zip(tmp_path / "board.zip", board=board, timeout=None)
    with zipfile.ZipFile(whole) as archive:
        assert len(archive.namelist()) == 3
    with pytest.raises(NotFoundError):
        client.images.download_zip(tmp_path / "none.zip", "missing.png", *images)
    with pytest.raises(ValueError, match="pass either images or a board"):
        client.images.download_zip(tmp_path / "none.zip")
    with pytest.raises(ValueError, match="pass either images or a board"):
        client.images.download_zip(tmp_path / "none.zip", *images, board=board)
    assert sorted(found.name for found in tmp_path.glob("*.zip")) == ["board.zip", "some.zip"]


def test_a_thumbnail_is_a_small_copy(client: Client, tmp_path: Path) -> None:
    large = client.images.upload(PILImage.new("RGB", (600, 300), "red"))
    small = PILImage.open(io.BytesIO(client.images.thumbnail(large)))
    assert (small.format, small.size) == ("WEBP", (256, 128))
    assert client.images.thumbnail(large.name) == client.images.thumbnail(large)
    client.images.delete(large)
    with pytest.raises(NotFoundError, match="no image"):
        client.images.thumbnail(large)


def test_intermediate_images_are_deleted_together(client: Client, stamp: Path) -> None:
    client.images.delete_intermediates()
    kept = client.images.upload(stamp)
    card = ColourCard(stamp=stamp, width=64, height=64)
    client.run(card, timeout=120)
    count = client.images.count_intermediates()
    assert count >= 1
    assert client.images.delete_intermediates() == count
    assert client.images.count_intermediates() == 0
    assert client.images.get(kept.name)
    assert client.run(card.replace(width=72), timeout=120).card.width == 72  # uploads the stamp again
    client.images.delete(kept)


@pytest.mark.parametrize("kind", ["image", "mask", "control"])
def test_an_image_of_any_kind_is_uploaded_to_a_board(
    client: Client, board: BoardRecord, stamp: Path, kind: Any
) -> None:
    image = client.upload(stamp, kind=kind, board=board)
    assert (image.category, image.is_intermediate) == ("user" if kind == "image" else kind, False)
    assert client.images.get(image.name).board_id == board.id


# --- videos -------------------------------------------------------------------------------------------------------


def test_videos_are_stored_unchanged(client: Client, board: BoardRecord, clip: bytes) -> None:
    if not has_videos(client):
        with pytest.raises(UnsupportedError, match=r"requires InvokeAI 6\.14 or later"):
            client.videos.upload(clip)
        return
    video = client.upload(clip, kind="video", board=board)

    assert client.video(video.name).bytes() == video.bytes() == clip
    assert (video.name.endswith(".mp4"), video.board_id) == (True, board.id)
    assert client.videos.get(video.name) == video
    assert [found.name for found in client.videos.list(board=board)] == [video.name]
    assert client.videos.names(board=board) == (video.name,)
    assert client.videos.star(video) == (video.name,)
    assert client.videos.get(video.name).starred
    assert client.videos.unstar(video) == (video.name,)
    assert client.videos.metadata(video) is None
    assert client.videos.workflow(video).workflow is None
    assert PILImage.open(io.BytesIO(client.videos.thumbnail(video))).format == "WEBP"
    assert client.boards.move(video, to="none") == (video.name,)
    assert client.videos.get(video.name).board_id is None
    assert client.videos.move(video, "missing.mp4", to=board) == (video.name,)
    assert client.boards.get(board.id).video_count == 1
    assert client.videos.delete(video, "missing.mp4") == (video.name,)
    with pytest.raises(NotFoundError):
        client.videos.get(video.name)


@pytest.mark.parametrize("use", ["get", "metadata", "workflow", "star", "delete"])
def test_servers_without_videos_are_reported(client: Client, use: str) -> None:
    if has_videos(client):
        pytest.skip("this server has videos")
    with pytest.raises(UnsupportedError) as caught:
        getattr(client.videos, use)("x.mp4")
    assert (caught.value.needs, caught.value.version) == ("6.14", client.version())
    with pytest.raises(UnsupportedError):
        next(client.videos.list())


def test_a_board_is_deleted_with_its_videos(client: Client, board: BoardRecord, clip: bytes) -> None:
    if not has_videos(client):
        pytest.skip("this server has no videos")
    video = client.videos.upload(clip, board=board)
    assert client.boards.delete(board, delete_contents=True) == (video.name,)


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        (lambda client: client.images.list(categories=["users"]), "user"),
        (lambda client: client.images.names(categories=["user", "masks"]), "mask"),
        (lambda client: client.videos.list(origin="extern"), "external"),
        (lambda client: client.images.update("a.png", category="masks"), "mask"),
        (lambda client: client.images.upload(b"", category="masks"), "mask"),
        (lambda client: client.upload(b"", kind="masks"), "mask"),
        (lambda client: client.boards.set_visibility("x", "Public"), "public"),
        (lambda client: client.queue.list(status="complete"), "completed"),
        (lambda client: client.workflows.list(category="users"), "user"),
    ],
)
def test_a_word_that_does_not_exist_is_refused_with_the_nearest(
    client: Client, call: Callable[[Client], object], nearest: str
) -> None:
    with pytest.raises(ValueError, match=rf"; expected '.*\(did you mean '{nearest}'\?\)"):
        call(client)


def test_a_text_is_not_taken_for_a_list_of_categories(client: Client) -> None:
    with pytest.raises(TypeError, match="categories is 'user'; expected a list"):
        client.images.names(categories="user")  # type: ignore[arg-type]


# --- models -------------------------------------------------------------------------------------------------------


def test_models_are_listed_and_found(client: Client, models: dict[str, dict[str, str]]) -> None:
    listed = {model.name: model for model in client.models.list()}

    assert set(listed) == set(models)
    tiny = listed["tiny-sd15"]
    assert (tiny.base, tiny.type, tiny.format, tiny.key) == ("sd-1", "main", "diffusers", models["tiny-sd15"]["key"])
    assert tiny.config["hash"] == tiny.hash
    assert {model.name for model in client.models.list(base="sdxl", type="lora")} == {"tiny-sdxl-lora"}
    assert list(client.models.list(name="tiny-sd15")) == [tiny]
    assert list(client.models.list(format="diffusers")) == [one for one in listed.values() if one.format == "diffusers"]
    assert list(client.models.list(format="checkpoint", name="tiny-sd15")) == []
    assert client.models.get(tiny.key) == client.models.find("tiny-sd15") == client.models.find(Model(hash=tiny.hash))
    assert client.models.find(tiny.key) == client.models.find(tiny.hash) == tiny
    described = Model(name=tiny.name, base=tiny.base, type=tiny.type, key=tiny.key, hash=tiny.hash)
    assert described == tiny
    assert len({described, tiny}) == 1
    assert Model(key=tiny.key) != tiny  # it may be another model on another server


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [({"base": "sd1"}, "sd-1"), ({"type": "mian"}, "main"), ({"format": "diffuser"}, "diffusers")],
)
def test_a_word_for_models_that_the_server_does_not_know_is_refused(
    client: Client, wanted: dict[str, str], nearest: str
) -> None:
    with pytest.raises(APIError, match=rf"\(did you mean '{nearest}'\?\)") as caught:
        list(client.models.list(**wanted))
    assert caught.value.status == 422


def test_a_model_with_another_type_or_base_is_described(client: Client, models: dict[str, dict[str, str]]) -> None:
    message = "no model tiny-sd15 of type mian and base wan; its tiny-sd15 is of type main and base sd-1"
    with pytest.raises(NotFoundError, match=message) as caught:
        client.models.find(Model(name="tiny-sd15", type="mian", base="wan"))
    assert caught.value.nearest == ("tiny-sd15",)


def test_a_missing_model_is_reported_with_similar_names(client: Client, models: dict[str, dict[str, str]]) -> None:
    with pytest.raises(NotFoundError, match="did you mean") as caught:
        client.models.find("tiny-sd16")
    assert caught.value.nearest[0] == "tiny-sd15"
    for ask in (client.models.get, client.models.delete):
        with pytest.raises(NotFoundError):
            ask("no-such-key")


def test_a_model_is_installed_with_progress_and_deleted(
    client: Client, server: Server, models: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    source = client.models.find("tiny-sd15-lora")
    copy = tmp_path / "copied-lora.safetensors"
    if Path(source.path).is_file():
        copy.write_bytes(Path(source.path).read_bytes())
    seen: list[ModelInstall] = []

    model = client.models.install(
        str(copy), inplace=True, config={"name": "installed by a test"}, timeout=60, on_progress=seen.append
    )

    assert (model.name, model.type) == ("installed by a test", "lora")
    assert client.models.find("installed by a test") == model
    assert seen[-1].status == "completed"
    assert seen[-1].model == model
    assert seen[-1] in client.models.installs()
    assert client.models.get_install(seen[-1].id).ended
    assert client.models.get_install(seen[-1]) == client.models.get_install(seen[-1].id)
    assert client.models.wait(seen[-1].id) == client.models.wait(seen[-1]) == model
    assert client.models.cancel_install(seen[-1]).status == "completed"
    client.models.delete(model)
    with pytest.raises(NotFoundError):
        client.models.get(model.key)


def test_a_model_can_be_changed(client: Client, models: dict[str, dict[str, str]], stamp: Path) -> None:
    old = client.models.find("tiny-sd15-lora")
    changed = client.models.update(
        old, name="renamed by a test", description="soft", trigger_phrases=["fur"], default_settings={"weight": 0.5}
    )
    assert client.models.find("renamed by a test") == changed
    assert (changed.key, changed.description, changed.trigger_phrases) == (old.key, "soft", ("fur",))
    assert changed.config["default_settings"]["weight"] == 0.5
    assert client.models.update(changed, name=old.name).description == "soft"

    assert client.models.image(old) is None
    client.models.set_image(old, stamp)
    assert _is_picture(client.models.image(old))
    client.models.delete_image(old)
    client.models.delete_image(old)
    assert client.models.image(old) is None
    with pytest.raises(NotFoundError):
        client.models.update("no-such-model", name="x")


def test_a_folder_is_searched_for_models(client: Client, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    found = tmp_path / "below" / "new-lora.safetensors"
    found.write_bytes(b"not read")
    assert client.models.scan(str(tmp_path)) == (str(found),)
    with pytest.raises(APIError) as caught:
        client.models.scan(str(tmp_path / "missing"))
    assert caught.value.status == 400
    client.models.empty_cache()


def test_installations_that_have_ended_are_pruned(client: Client) -> None:
    client.models.prune_installs()
    assert [install for install in client.models.installs() if install.ended] == []


def test_a_missing_installation_is_reported(client: Client) -> None:
    steering = (client.models.pause_install, client.models.resume_install, client.models.restart_install)
    known = (client.models.get_install, client.models.wait, client.models.cancel_install)
    for ask in (*known, *(steering if has_sharing(client) else ())):
        with pytest.raises(NotFoundError, match="no installation 99999"):
            ask(99_999)


# --- queue --------------------------------------------------------------------------------------------------------


def test_a_paused_queue_holds_its_items(client: Client, server: Server, paused: None) -> None:
    ids = enqueue(server, 3, destination="somewhere")

    status = client.queue.status()
    assert (status.pending, status.open, status.total, status.paused) == (3, 3, 3, True)
    assert [item.item_id for item in client.queue.list()] == ids[::-1]
    assert [item.item_id for item in client.queue.list(newest_first=False)] == ids
    assert [item.status for item in client.queue.list(destination="somewhere")] == ["pending"] * 3
    assert list(client.queue.list(status="failed")) == []
    unset: Any = None
    assert len(list(client.queue.list(status=unset, batch_id=unset, destination=unset))) == 3
    assert client.queue.current() is None
    following = client.queue.next()
    assert following is not None
    assert following.item_id == ids[0]
    assert (client.queue.get(ids[1]).status, client.queue.get(ids[1]).ended) == ("pending", False)


def test_an_item_has_its_batch_values(client: Client, server: Server, paused: None) -> None:
    data = [[{"node_path": "sum", "field_name": "a", "items": [5, 6]}]]
    items = [client.queue.get(item_id) for item_id in enqueue(server, data=data)]
    assert [item.values for item in items] == [{("sum", "a"): 5}, {("sum", "a"): 6}]
    assert client.queue.get(enqueue(server)[0]).values == {}


def test_items_are_canceled_retried_and_deleted(client: Client, server: Server, paused: None) -> None:
    first, second, third = enqueue(server, 3)

    assert [item.status for item in client.queue.cancel(first, client.queue.get(second))] == ["canceled"] * 2
    retried = client.queue.retry(first, third)  # the third item has not ended

    assert [item.retried_from_item_id for item in retried] == [first]
    assert [item.status for item in retried] == ["pending"]
    client.queue.cancel(*retried)
    again = client.queue.retry(*retried, second, 99_999)  # missing items are ignored
    assert [item.retried_from_item_id for item in again] == [first, second]  # the original items
    assert {item.item_id for item in again}.isdisjoint({first, second, third, *(item.item_id for item in retried)})
    client.queue.delete(*again)
    client.queue.delete(third, *retried)
    assert {item.item_id for item in client.queue.list()} == {first, second}
    assert client.queue.prune() == 2
    for use in (client.queue.get, client.queue.cancel, client.queue.delete):
        for missing in (third, 2**63 - 1, 2**63, -(2**63) - 1):  # the server's database holds no larger ids
            with pytest.raises(NotFoundError, match=f"no item {missing}"):
                use(missing)
    assert client.queue.retry(2**63) == ()


def test_many_items_are_canceled_together(client: Client, server: Server, paused: None) -> None:
    enqueue(server, 2, batch_id="b-1")
    enqueue(server, 3, batch_id="b-2", destination="d-2")
    enqueue(server, 1)

    assert client.queue.cancel_batch("b-1") == 2
    assert client.queue.cancel_destination("d-2") == 3
    assert client.queue.cancel_pending() == 1
    assert client.queue.status().canceled == 6
    assert [item.batch_id for item in client.queue.list(batch_id="b-1")] == ["b-1"] * 2
    assert client.queue.clear() == 6
    assert client.queue.status().total == 0


def test_many_items_are_deleted_together(client: Client, server: Server, paused: None) -> None:
    enqueue(server, 2, destination="a/b")
    enqueue(server, 3, destination="d")
    enqueue(server, 1)

    assert client.queue.delete_destination("d") == 3
    for destination in ("a/b", "", ".."):
        with pytest.raises(ValueError, match="cannot delete by the destination"):
            client.queue.delete_destination(destination)
    assert client.queue.status().total == 3
    assert client.queue.delete_pending() == 3
    assert client.queue.status().total == 0


def test_items_are_listed_by_batch_and_destination_in_either_order(
    client: Client, server: Server, paused: None, name: str
) -> None:
    ids = enqueue(server, 3, destination=name)
    others = enqueue(server, 2)
    assert [item.item_id for item in client.queue.list(destination=name)] == ids[::-1]
    assert [item.item_id for item in client.queue.list(destination=name, newest_first=False)] == ids
    assert [item.item_id for item in client.queue.list(newest_first=False)] == ids + others
    batch_id = client.queue.get(others[0]).batch_id
    assert {item.item_id for item in client.queue.list(batch_id=batch_id)} == set(others)


def test_a_list_longer_than_a_page(client: Client, server: Server, paused: None) -> None:
    ids = enqueue(server, 530)
    assert [item.item_id for item in client.queue.list(newest_first=False)] == ids


def test_the_queue_resumes(client: Client, server: Server, paused: None) -> None:
    (item_id,) = enqueue(server)
    client.queue.resume()
    assert not client.queue.status().paused
    for _ in range(200):
        item = client.queue.get(item_id)
        if item.ended:
            break
        client.version()
    client.queue.pause()
    assert item.status in ("completed", "in_progress", "pending")


# --- the library --------------------------------------------------------------------------------------------------


def test_a_workflow_is_saved_found_replaced_and_deleted(client: Client, name: str) -> None:
    saved = client.workflows.save({**WORKFLOW, "name": name, "id": "of another library"})

    assert saved.id != "of another library"
    assert client.workflows.find(name) == client.workflows.get(saved.id) == saved
    assert saved.document["author"] == "me"
    (listed,) = client.workflows.list(query=name, category="user")
    assert (listed.id, listed.name, listed.tags, listed.category) == (saved.id, name, ("red", "blue"), "user")
    assert listed.description == "of a test"
    assert listed == saved

    over = client.workflows.save({**WORKFLOW, "name": f"{name} too"}, over=listed)

    assert (over.id, client.workflows.get(saved.id).name) == (saved.id, f"{name} too")
    client.workflows.delete(over)
    for use in (client.workflows.get, client.workflows.delete):
        with pytest.raises(NotFoundError):
            use(saved.id)


def test_workflows_are_listed_by_their_words_and_tags(client: Client, name: str) -> None:
    red = client.workflows.save({**WORKFLOW, "name": f"{name} one", "tags": f"{name}-red, blue"})
    green = client.workflows.save({**WORKFLOW, "name": f"{name} two", "tags": f"{name}-green, blue"})

    def ids(**chosen: Any) -> list[str]:
        return [found.id for found in client.workflows.list(category="user", **chosen)]

    assert ids(query=name) == [red.id, green.id]
    assert ids(query=f"{name} two") == ids(query=f"{name}_T%o") == [green.id]
    if tuple(map(int, client.version().split(".")[:2])) >= (5, 8):
        assert ids(tags=[f"{name}-Red"]) == [red.id]
        assert ids(tags=[f"{name}-re", "lue"]) == []
        assert ids(tags=[f"{name}-red", f"{name}-green"]) == [red.id, green.id]
    for saved in (red, green):
        client.workflows.delete(saved)


def test_a_missing_workflow_is_reported_with_similar_names(client: Client, name: str) -> None:
    saved = [client.workflows.save({**WORKFLOW, "name": name}) for _ in range(2)]
    with pytest.raises(NotFoundError, match="2 workflows are named"):
        client.workflows.find(name)
    with pytest.raises(NotFoundError) as caught:
        client.workflows.find(f"{name}x")
    assert name in caught.value.nearest
    with pytest.raises(NotFoundError):
        client.workflows.save(WORKFLOW, over="missing")
    for workflow in saved:
        client.workflows.delete(workflow)


def test_workflows_that_come_with_invokeai_are_not_changed(client: Client) -> None:
    shipped = next(client.workflows.list(category="default"), None)
    if shipped is None:
        pytest.skip("this server has no bundled workflows")
    with pytest.raises(InvokableError, match="comes with InvokeAI"):
        client.workflows.delete(shipped)
    with pytest.raises(InvokableError, match="comes with InvokeAI"):
        client.workflows.save(WORKFLOW, over=shipped)
    copied = client.workflows.save(client.workflows.get(shipped.id).document)
    assert (copied.category, copied.name) == ("user", shipped.name)
    client.workflows.delete(copied)


def test_a_workflow_shows_a_picture(client: Client, name: str, stamp: Path) -> None:
    saved = client.workflows.save({**WORKFLOW, "name": name})
    assert client.workflows.thumbnail(saved) is None
    client.workflows.delete_thumbnail(saved)

    client.workflows.set_thumbnail(saved, stamp)

    assert _is_picture(client.workflows.thumbnail(saved.id))
    (listed,) = client.workflows.list(query=name)
    assert listed.thumbnail_url is not None
    client.workflows.set_thumbnail(saved, PILImage.new("RGB", (8, 8)))
    with pytest.raises(APIError) as caught:
        client.workflows.set_thumbnail(saved, b"no picture")
    assert caught.value.status == 415
    client.workflows.delete_thumbnail(saved)
    assert client.workflows.get(saved.id).thumbnail_url is None
    client.workflows.delete(saved)
    with pytest.raises(NotFoundError):
        client.workflows.set_thumbnail(saved, stamp)


def test_a_picture_may_be_an_image_on_the_server(
    client: Client, models: dict[str, dict[str, str]], name: str, stamp: Path
) -> None:
    image = client.images.upload(stamp)
    saved = client.workflows.save({**WORKFLOW, "name": name})
    preset = client.style_presets.create(name, image=client.image(image.name))

    client.workflows.set_thumbnail(saved, image)
    client.models.set_image("tiny-sd15", image)
    client.style_presets.update(preset, image=image)

    assert _is_picture(client.workflows.thumbnail(saved))
    assert _is_picture(client.models.image("tiny-sd15"))
    assert _is_picture(client.style_presets.image(preset))
    client.models.delete_image("tiny-sd15")
    client.images.delete(image)
    with pytest.raises(NotFoundError, match="no image"):
        client.workflows.set_thumbnail(saved, image)
    client.workflows.delete(saved)
    client.style_presets.delete(preset)


def test_a_workflow_is_shared_and_hidden(client: Client, name: str) -> None:
    saved = client.workflows.save({**WORKFLOW, "name": name})
    if not has_sharing(client):
        with pytest.raises(UnsupportedError, match=r"requires InvokeAI 6\.13"):
            client.workflows.share(saved)
        with pytest.raises(UnsupportedError, match=r"requires InvokeAI 6\.13"):
            next(client.workflows.list(shared=True))
        client.workflows.delete(saved)
        return
    assert client.workflows.share(saved, shared=False).is_public is False
    assert [found.id for found in client.workflows.list(query=name, shared=False)] == [saved.id]
    assert list(client.workflows.list(query=name, shared=True)) == []
    assert client.workflows.share(saved.id).is_public is True
    client.workflows.delete(saved)


@pytest.mark.parametrize("document", [{"name": "x"}, {**WORKFLOW, "meta": None}, {**WORKFLOW, "meta": "3.0.0"}])
def test_an_invalid_workflow_is_refused(client: Client, document: dict[str, Any]) -> None:
    with pytest.raises(APIError, match=r"body\.workflow\.meta") as caught:
        client.workflows.save(document)
    assert caught.value.status == 422


# --- style presets ------------------------------------------------------------------------------------------------


def test_a_style_preset_is_created_found_and_deleted(client: Client, name: str, stamp: Path) -> None:
    made = client.style_presets.create(name, positive_prompt="{prompt}, in oil", negative_prompt="flat", image=stamp)

    assert client.style_presets.find(name) == client.style_presets.get(made.id) == made == StylePreset(made.id)
    assert made in list(client.style_presets.list())
    assert (made.positive_prompt, made.negative_prompt, made.type) == ("{prompt}, in oil", "flat", "user")
    assert made.image is not None
    assert isinstance(made, StylePreset)
    client.style_presets.delete(name)
    with pytest.raises(NotFoundError, match="no style preset"):
        client.style_presets.delete(made)
    with pytest.raises(NotFoundError, match="no style preset"):
        client.style_presets.find(name)


def test_updating_a_style_preset_keeps_everything_else(client: Client, name: str, stamp: Path) -> None:
    made = client.style_presets.create(name, positive_prompt="{prompt}, in oil", negative_prompt="flat", image=stamp)
    picture = client.style_presets.image(made)
    assert _is_picture(picture)

    changed = client.style_presets.update(name, positive_prompt="{prompt}, in ink")

    assert (changed.id, changed.name, changed.positive_prompt) == (made.id, name, "{prompt}, in ink")
    assert changed.negative_prompt == "flat"
    assert _is_picture(client.style_presets.image(changed))
    renamed = client.style_presets.update(changed, name=f"{name} too", negative_prompt="", remove_image=True)
    assert (renamed.name, renamed.positive_prompt, renamed.negative_prompt) == (f"{name} too", "{prompt}, in ink", "")
    assert client.style_presets.image(renamed) is None
    assert _is_picture(client.style_presets.image(client.style_presets.update(renamed, image=stamp)))
    if has_sharing(client):
        assert client.style_presets.update(renamed, shared=True).is_public
        assert client.style_presets.update(renamed, name=name).is_public  # unchanged
        assert not client.style_presets.update(renamed, shared=False).is_public
    client.style_presets.delete(renamed)
    with pytest.raises(NotFoundError):
        client.style_presets.update(renamed, name="x")


# --- the server ---------------------------------------------------------------------------------------------------


def test_the_server_describes_itself(client: Client) -> None:
    info = client.server.info()
    assert info.version == client.server.version() == client.version()
    assert (info.multiuser, info.max_queue_size) == (False, 10_000)


def test_the_invocation_cache_is_emptied_and_disabled(client: Client, stamp: Path) -> None:
    client.server.clear_invocation_cache()
    card = ColourCard(stamp=client.upload(stamp), width=64, height=64)
    client.run(card, timeout=120)
    client.run(card, timeout=120)
    cache = client.server.invocation_cache()
    assert cache.enabled
    assert 0 < cache.size <= cache.max_size
    assert cache.hits > 0

    client.server.enable_invocation_cache(enabled=False)
    assert not client.server.invocation_cache().enabled
    client.server.enable_invocation_cache()
    client.server.clear_invocation_cache()

    assert client.server.invocation_cache().enabled
    assert client.server.invocation_cache().size == 0


def test_a_single_user_server_has_no_user(client: Client) -> None:
    assert client.server.user() is None


def test_handles_need_no_request() -> None:
    with Client("http://127.0.0.1:1") as offline:
        assert offline.image("a.png") == Image("a.png")
        assert offline.video("a.mp4") == Video("a.mp4")
