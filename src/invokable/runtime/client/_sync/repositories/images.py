"""Images: the images of a server."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from invokable.contract.fields import NO_BOARD
from invokable.contract.vocabulary import Category
from invokable.runtime.client._sync.concurrency import in_thread
from invokable.runtime.client._sync.repositories.media import Media
from invokable.runtime.client._sync.saving import save_as
from invokable.runtime.client.reading import read_file
from invokable.runtime.client.surface import check_mapping, check_word, names_of
from invokable.runtime.steps.exchange.protocol import ReadFile, Steps
from invokable.runtime.steps.resources.archives import fetch_archive
from invokable.runtime.steps.resources.boards import board_id_of
from invokable.runtime.steps.resources.media import (
    IMAGES,
    Kind,
    count_intermediates,
    delete_intermediates,
    upload_media,
)
from invokable.runtime.values.inputs import Board, ImageInput
from invokable.runtime.values.media import Image
from invokable.runtime.values.records import ImageRecord


class Images(Media[ImageRecord, Image]):
    """The images of a server. Pass an image as its name on the server, or as an `Image`.

    Every method raises ConnectionError and APIError.
    """

    _kind: ClassVar[Kind[Any]] = IMAGES

    def upload(
        self,
        image: ImageInput,
        *,
        board: Board | str = "none",
        category: Category = "user",
        is_intermediate: bool = False,
        metadata: Mapping[str, Any] | None = None,
    ) -> ImageRecord:
        """Upload an image: a path, bytes, a file object, a Pillow image or an array. The server stores it as PNG.

        An `Image` is already on the server: it is moved to `board`, if one is given, and otherwise stays as it is.

        Args:
            board: The board to add it to, or "none".
            category: What it is for: `user`, `mask`, `control`, `general` or `other`.
            is_intermediate: Whether it is an intermediate image, which the editor does not show.
            metadata: JSON metadata to write into it. By default, metadata that InvokeAI wrote into the file is kept.

        Raises OSError and TypeError for an image that cannot be read, ValueError for an unknown category, TypeError and
        ValueError for metadata that is not JSON, BoardError, APIError and ConnectionError.
        """
        check_word("category", category, Category)
        if isinstance(image, Image):
            if board != NO_BOARD:
                self.move(image, to=board)
            return self.get(image.name)
        check_mapping("metadata", metadata)
        board_id = self._drive(board_id_of(board))
        file = in_thread(read_file, ReadFile(image, "image"))
        return self._drive(
            upload_media(
                IMAGES,
                file,
                category=category,
                board_id=board_id,
                is_intermediate=is_intermediate,
                metadata=metadata,
                cache=self._cache,
                client=self._downloader,
            )
        )

    def count_intermediates(self) -> int:
        """The number of intermediate images: uploads of runs, and results of nodes that are not outputs.

        On a multi-user server this counts your own; for an administrator, everyone's.
        Raises APIError and ConnectionError.
        """
        return self._drive(count_intermediates())

    def delete_intermediates(self) -> int:
        """Delete all intermediate images, including those that unfinished runs still need. Returns the number deleted.

        On a multi-user server, this requires an administrator. Raises APIError and ConnectionError.
        """
        return self._drive(delete_intermediates(self._cache))

    def download_zip(
        self,
        path: str | os.PathLike[str],
        *images: Image | str,
        board: Board | str | None = None,
        timeout: float | None = 60.0,
    ) -> Path:
        """Download the given images, or all on a board, as a zip file that the server makes. Returns its path.

        The file is saved atomically, once the zip is whole and has every image: servers let incomplete ones be
        downloaded. `timeout` is how long the server may take to make it, in seconds; None for no limit.

        Raises ValueError unless either images or a board are given, and for more than 1,000 images, which servers
        since 6.14 refuse; NotFoundError, BoardError, APIError, OSError and ConnectionError.
        """
        if bool(images) == (board is not None) or board == NO_BOARD:
            raise ValueError("pass either images or a board to download")
        board_id = None if board is None else self._drive(board_id_of(board))
        names = names_of(images, "image")

        def write(into: BinaryIO) -> Steps[None]:
            return fetch_archive(names, board_id, into, self._cache, time.monotonic, timeout)

        return save_as(self._engine, "images.zip", path, write)
