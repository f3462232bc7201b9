"""Outputs: finding, naming, saving, forwarding and cleaning up, on the simulator and on real servers."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
from pathlib import Path

import numpy
import pytest
from generated_examples.colour_card import ColourCard
from PIL import Image as PILImage

from invokable import APIError, AsyncClient, Client, Color, Image, NodeOutput, NotFoundError, ValidationError
from tests.live.provision import Server


@pytest.fixture
def card(stamp: Path) -> ColourCard:
    return ColourCard(stamp=stamp, width=96, height=64)


def test_by_node_has_the_outputs_of_every_node(client: Client, card: ColourCard) -> None:
    result = client.run(card, timeout=120)

    (output,) = result.by_node[str(result.card.node_id)]

    assert output == NodeOutput(str(result.card.node_id), result.item_ids[0], "image_output", output.values)
    assert output.values["image"] == result.card
    assert (output.values["width"], output.values["height"]) == (96, 64)
    assert client.download(output.values["image"]) == result.card.bytes()
    assert len(result.by_node) > 1  # including nodes without a declared output
    copy = pickle.loads(pickle.dumps(result))
    assert copy.by_node == result.by_node
    assert repr(copy) == repr(result)


def test_many_files_are_saved_with_custom_names(client: Client, card: ColourCard, tmp_path: Path) -> None:
    result = client.run(card, timeout=120)

    (path,) = client.save_all(result, tmp_path, "{batch_id}/{attribute}-{index:03}")

    assert path == tmp_path / result.batch_id / "card-000.png"
    assert path.read_bytes() == result.card.bytes()
    again = client.save_all([result.card, result.card], tmp_path, "same")
    assert [path.name for path in again] == ["same.png", "same-2.png"]
    assert [path.name for path in client.save_all([result.card], tmp_path, "same")] == ["same-3.png"]
    assert [path.name for path in client.save_all([result.card], tmp_path, "same", overwrite=True)] == ["same.png"]
    assert len(list(tmp_path.glob("same*"))) == 3


def test_the_first_failed_download_stops_the_others(client: Client, card: ColourCard, tmp_path: Path) -> None:
    good = client.run(card, timeout=120).card
    with pytest.raises(NotFoundError, match=r"the server has no image 'missing.png'") as caught:
        client.save_all([good, Image("missing.png"), *[good] * 20], tmp_path, "x{index}", at_once=2)
    left = list(tmp_path.iterdir())
    assert len(left) < 20
    assert all(path.stat().st_size for path in left)
    assert isinstance(caught.value, APIError)
    assert (caught.value.status, caught.value.name) == (404, "missing.png")


class Pipe:
    """Has only a `write` method."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, piece: bytes) -> int:
        self.content += piece
        return len(piece)


def test_an_image_is_downloaded_into_a_pipe(client: Client, card: ColourCard) -> None:
    image = client.run(card, timeout=120).card
    pipe = Pipe()
    client.download_into(image, pipe)  # type: ignore[arg-type]  # all that it needs
    assert pipe.content == image.bytes()


class Reluctant(Pipe):
    """Writes only part of the data, as a socket may."""

    def write(self, piece: bytes) -> int:
        return super().write(piece[:100])


class Absent:
    """Its `write` returns nothing, as with many file-like objects."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, piece: bytes) -> None:
        self.content += piece


def test_after_a_partial_write_the_rest_is_written(client: Client, card: ColourCard, tmp_path: Path) -> None:
    image = client.run(card, timeout=120).card
    whole = image.bytes()
    for into in (Reluctant(), Absent()):
        client.download_into(image, into)  # type: ignore[arg-type]
        assert into.content == whole
    with (tmp_path / "raw.png").open("wb", buffering=0) as raw:
        client.download_into(image, raw)
    assert (tmp_path / "raw.png").read_bytes() == whole
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    large = client.images.upload(PILImage.effect_noise((600, 600), 90))  # larger than the buffer of a pipe
    with os.fdopen(writing, "wb", buffering=0) as pipe, pytest.raises(BlockingIOError, match="cannot be written to"):
        client.download_into(large, pipe)
    os.close(reading)
    client.images.delete(large)


def test_a_missing_image_writes_nothing(client: Client) -> None:
    pipe = Pipe()
    with pytest.raises(NotFoundError):
        client.download_into(Image("missing.png"), pipe)  # type: ignore[arg-type]
    assert pipe.content == b""


def test_an_image_is_downloaded_into_an_asynchronous_file(server: Server, card: ColourCard) -> None:
    class Awaited:
        content = b""

        async def write(self, piece: bytes) -> int:
            await asyncio.sleep(0)
            self.content += piece[:100]
            return len(piece[:100])

    async def main() -> None:
        async with AsyncClient(server.url) as client:
            image = (await client.run(card, timeout=120)).card
            into = Awaited()
            await client.download_into(image, into)  # type: ignore[arg-type]
            assert into.content == await client.download(image)

    asyncio.run(main())


def test_files_get_the_permissions_of_new_files_and_the_umask_is_unchanged(
    client: Client, card: ColourCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(mask: int) -> int:
        raise AssertionError("the umask is shared by all threads")

    image = client.run(card, timeout=120).card
    (tmp_path / "as others.txt").touch()
    with monkeypatch.context() as patching:
        patching.setattr(os, "umask", forbidden)
        paths = client.save_all([image] * 8, tmp_path, "{index}", at_once=8)
    assert {path.stat().st_mode for path in paths} == {(tmp_path / "as others.txt").stat().st_mode}
    assert not list(tmp_path.glob(".*"))


def test_an_image_as_pixels(client: Client, card: ColourCard) -> None:
    image = client.run(card.replace(card_colour=Color(r=10, g=20, b=30)), timeout=120).card
    array = image.numpy()
    assert array.shape[:2] == (64, 96)
    assert array.dtype == numpy.uint8
    assert '<img src="data:image/' in image._repr_html_()
    assert "<img" not in client.image("missing.png")._repr_html_()
    assert client.thumbnail(image) == image.thumbnail()


def test_pictures_are_fetched_for_a_notebook(client: Client, card: ColourCard) -> None:
    result = client.run(card, timeout=120)
    shown = client.show(result)
    assert shown._repr_html_().count('<img src="data:image/webp') == 1
    assert result.card.name in shown._repr_html_()
    assert repr(shown) == "<1 picture, for a notebook>"
    assert "NotFoundError" in client.show(client.image("missing.png"))._repr_html_()


def test_pixels_as_an_image(client: Client, card: ColourCard) -> None:
    array = numpy.zeros((30, 40, 3), numpy.uint8)
    array[:, :, 1] = 200
    assert client.images.upload(array).pil().getpixel((39, 29)) == (0, 200, 0)
    assert client.run(card.replace(stamp=array), timeout=120).card.width == 96
    for wrong in (numpy.zeros((30, 40, 3)), numpy.zeros((30, 40)), numpy.zeros((30, 40), numpy.float32)):
        with pytest.raises(ValidationError, match=r"the array is not an image: .*; expected uint8 of shape") as caught:
            client.run(card.replace(stamp=wrong))
        assert "\n" not in str(caught.value)
    with pytest.raises(
        ValidationError, match=r"cannot read <PIL.Image.Image .* mode=CMYK .*: cannot write mode CMYK as PNG$"
    ):
        client.run(card.replace(stamp=PILImage.new("CMYK", (8, 8))))


def test_the_uploads_of_a_run_are_cleaned_up(client: Client, card: ColourCard) -> None:
    job = client.submit(card)
    job.result(timeout=120)
    (name,) = job.submission.uploads
    assert client.images.get(name).is_intermediate

    assert client.clean_up(job.submission) == (name,)

    assert client.clean_up(job.submission) == ()
    again = client.submit(card)  # the deleted file is uploaded again
    assert again.result(timeout=120).card.bytes()
    assert again.submission.uploads != job.submission.uploads


def test_outputs_with_an_asynchronous_client(server: Server, card: ColourCard, tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncClient(server.url) as client:
            job = await client.submit(card)
            result = await job.result(timeout=120)
            paths = await client.save_all([result.card] * 6, tmp_path, "a{index}", at_once=3)
            assert [path.name for path in paths] == [f"a{index}.png" for index in range(6)]
            content = await client.download(result.card)
            assert "<img" not in result._repr_html_()  # fetching it would block the loop
            assert "client.show" in result._repr_html_()
            assert "<img" in (await client.show(result))._repr_html_()
            assert {path.read_bytes() for path in paths} == {content}
            buffer = io.BytesIO()
            await client.download_into(client.image(result.card.name), buffer)
            assert PILImage.open(io.BytesIO(buffer.getvalue())).size == (96, 64)
            assert len(await client.clean_up(job.submission)) == 1
            with pytest.raises(NotFoundError):
                await client.save_all([Image("missing.png"), *[result.card] * 20], tmp_path, "b{index}", at_once=1)
            assert len(list(tmp_path.glob("b*"))) < 20

    asyncio.run(main())
