"""The arguments and results of every repository, for type checkers. Nothing here runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, assert_type

from generated_examples.colour_card import ColourCard

from invokable import (
    AsyncClient,
    Board,
    BoardRecord,
    Client,
    EmbeddedWorkflow,
    Image,
    ImageRecord,
    InvocationCache,
    LibraryWorkflow,
    Model,
    ModelInstall,
    ModelRecord,
    NodeOutput,
    QueueItem,
    QueueStatus,
    ServerInfo,
    StylePreset,
    StylePresetRecord,
    User,
    Video,
    VideoRecord,
    WorkflowRecord,
)


def boards(client: Client, image: Image, video: Video) -> None:
    assert_type(client.boards.list(archived=True), Iterator[BoardRecord])
    board = client.boards.find_or_create("x")
    assert_type(board, BoardRecord)
    assert_type(client.boards.get(board.id), BoardRecord)
    assert_type(client.boards.find("x"), BoardRecord)
    assert_type(client.boards.create("x"), BoardRecord)
    assert_type(client.boards.rename(board, "y"), BoardRecord)
    assert_type(client.boards.archive(Board(id="b"), archived=False), BoardRecord)
    assert_type(client.boards.set_visibility(board, "shared"), BoardRecord)
    assert_type(client.boards.move(image, video, to="none"), tuple[str, ...])
    assert_type(client.boards.delete(board, delete_contents=True), tuple[str, ...])


def media(client: Client, path: Path) -> None:
    image = client.images.upload(path, board="x", category="mask", metadata={"seed": 1})
    assert_type(image, ImageRecord)
    assert_type(client.images.list(board="none", categories=["user"], is_intermediate=None), Iterator[ImageRecord])
    assert_type(client.images.names(search="fox", newest_first=False), tuple[str, ...])
    assert_type(client.images.get("a.png"), ImageRecord)
    assert_type(client.images.metadata(image), dict[str, Any] | None)
    assert_type(client.images.workflow("a.png"), EmbeddedWorkflow)
    assert_type(client.images.update(image, starred=True), ImageRecord)
    assert_type(client.images.thumbnail(image), bytes)
    assert_type(client.images.count_intermediates(), int)
    assert_type(client.images.delete_intermediates(), int)
    assert_type(client.images.star(image, "a.png"), tuple[str, ...])
    assert_type(client.images.unstar(image), tuple[str, ...])
    assert_type(client.images.move(image, to=Board(id="b")), tuple[str, ...])
    assert_type(client.images.delete(image), tuple[str, ...])
    assert_type(client.images.download_zip(path, image, "a.png", timeout=5), Path)
    video = client.videos.upload(path)
    assert_type(video, VideoRecord)
    assert_type(client.videos.list(), Iterator[VideoRecord])
    assert_type(client.videos.get(video.name), VideoRecord)
    assert_type(client.videos.names(board="none"), tuple[str, ...])
    assert_type(client.videos.metadata(video), dict[str, Any] | None)
    assert_type(client.videos.workflow("a.mp4"), EmbeddedWorkflow)
    assert_type(client.videos.thumbnail(video), bytes)
    assert_type(client.videos.update(video, starred=True), VideoRecord)
    assert_type(client.videos.star(video, "a.mp4"), tuple[str, ...])
    assert_type(client.videos.unstar(video), tuple[str, ...])
    assert_type(client.videos.move(video, to="none"), tuple[str, ...])
    assert_type(client.videos.delete(video), tuple[str, ...])
    assert_type(client.image("a.png"), Image)
    assert_type(client.video(video), Video)
    assert_type(client.upload(path), ImageRecord)
    assert_type(client.upload(path, kind="mask", board="x"), ImageRecord)
    assert_type(client.upload(path, kind="video"), VideoRecord)


def models(client: Client) -> None:
    assert_type(client.models.list(base="sd-1", type="lora"), Iterator[ModelRecord])
    model = client.models.find(Model(name="x"))
    assert_type(model, ModelRecord)
    assert_type(client.models.get(model.key), ModelRecord)
    assert_type(client.models.install("/x", on_progress=print, timeout=1), ModelRecord)
    install = client.models.start_install("/x", config={"name": "x"})
    assert_type(install, ModelInstall)
    assert_type(client.models.wait(install, on_progress=lambda seen: seen.fraction), ModelRecord)
    assert_type(client.models.installs(), list[ModelInstall])
    assert_type(client.models.get_install(install.id), ModelInstall)
    assert_type(client.models.cancel_install(install), ModelInstall)
    assert_type(client.models.pause_install(install), ModelInstall)
    assert_type(client.models.resume_install(1), ModelInstall)
    assert_type(client.models.restart_install(install), ModelInstall)
    client.models.prune_installs()
    assert_type(client.models.scan("/models"), tuple[str, ...])
    assert_type(client.models.update(model, name="y", trigger_phrases=["fur"]), ModelRecord)
    assert_type(client.models.image(model), bytes | None)
    client.models.set_image("x", b"")
    client.models.delete_image(model)
    client.models.empty_cache()
    client.models.delete("x")


def queue(client: Client) -> None:
    assert_type(client.queue.status(), QueueStatus)
    assert_type(client.queue.list(status="failed", newest_first=False), Iterator[QueueItem])
    item = client.queue.get(1)
    assert_type(item, QueueItem)
    assert_type(client.queue.current(), QueueItem | None)
    assert_type(client.queue.next(), QueueItem | None)
    assert_type(client.queue.cancel(item, 2), tuple[QueueItem, ...])
    assert_type(client.queue.cancel_batch("a", "b"), int)
    assert_type(client.queue.cancel_destination("d"), int)
    assert_type(client.queue.cancel_pending(), int)
    assert_type(client.queue.retry(item), tuple[QueueItem, ...])
    assert_type(client.queue.delete_pending(), int)
    assert_type(client.queue.delete_destination("d"), int)
    assert_type(client.queue.prune(), int)
    assert_type(client.queue.clear(), int)
    client.queue.delete(item, 2)
    client.queue.pause()
    client.queue.resume()


def library(client: Client) -> None:
    assert_type(client.workflows.list(query="x", tags=["a"]), Iterator[WorkflowRecord])
    workflow = client.workflows.save({"name": "x"})
    assert_type(workflow, LibraryWorkflow)
    assert_type(client.workflows.get("id"), LibraryWorkflow)
    assert_type(client.workflows.find("x"), LibraryWorkflow)
    assert_type(client.workflows.save(workflow.document, over=workflow), LibraryWorkflow)
    assert_type(client.workflows.share(workflow, shared=False), LibraryWorkflow)
    assert_type(client.workflows.thumbnail("id"), bytes | None)
    client.workflows.set_thumbnail(workflow, b"")
    client.workflows.delete_thumbnail("id")
    client.workflows.delete("id")
    assert_type(client.style_presets.list(), Iterator[StylePresetRecord])
    preset = client.style_presets.create("x", positive_prompt="{prompt}", image=b"")
    assert_type(preset, StylePresetRecord)
    assert_type(client.style_presets.get(preset.id), StylePresetRecord)
    assert_type(client.style_presets.find("x"), StylePresetRecord)
    assert_type(client.style_presets.update(preset, name="y", remove_image=True, shared=True), StylePresetRecord)
    assert_type(client.style_presets.image("x"), bytes | None)
    client.style_presets.delete(StylePreset("id"))
    assert_type(client.server.info(), ServerInfo)
    assert_type(client.server.version(), str)
    assert_type(client.server.user(), User | None)
    assert_type(client.server.invocation_cache(), InvocationCache)
    client.server.enable_invocation_cache(enabled=False)
    client.server.clear_invocation_cache()
    assert_type(client.server.check(ColourCard), list[str])


def outputs(client: Client, path: Path) -> None:
    """Records can be assigned to inputs, and results can be saved."""
    result = client.run(ColourCard(stamp=client.images.get("a.png"), board=client.boards.find("x")))
    assert_type(result.by_node, dict[str, list[NodeOutput]])
    assert_type(client.save_all(result, path, "{index}", at_once=2, overwrite=True), list[Path])
    assert_type(client.save_all([result.card, client.video("a.mp4")], "out"), list[Path])
    with path.open("wb") as file:
        client.download_into(result.card, file)
    assert_type(client.clean_up(client.submit(ColourCard(stamp=b"")).submission), tuple[str, ...])


async def asynchronous(client: AsyncClient, path: Path) -> None:
    assert_type(client.boards.list(), AsyncIterator[BoardRecord])
    assert_type([image.name async for image in client.images.list()], list[str])
    assert_type(await client.images.upload(path), ImageRecord)
    assert_type(await client.videos.upload(path), VideoRecord)
    assert_type(await client.upload(path, kind="video"), VideoRecord)
    assert_type(await client.models.install("/x"), ModelRecord)
    assert_type([item.status async for item in client.queue.list()], list[str])
    assert_type(await client.queue.retry(1), tuple[QueueItem, ...])
    assert_type(await client.workflows.find("x"), LibraryWorkflow)
    assert_type(await client.style_presets.find("x"), StylePresetRecord)
    assert_type(await client.server.info(), ServerInfo)
    assert_type(await client.save_all([client.image("a.png")], path), list[Path])
    assert_type(await client.clean_up((await client.submit(ColourCard(stamp=b""))).submission), tuple[str, ...])
