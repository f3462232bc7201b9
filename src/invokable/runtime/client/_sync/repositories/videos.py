"""Videos: the videos of a server, since InvokeAI 6.14."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from invokable.contract.fields import NO_BOARD
from invokable.runtime.client._sync.concurrency import in_thread
from invokable.runtime.client._sync.repositories.media import Media
from invokable.runtime.client.reading import read_file
from invokable.runtime.client.surface import check_mapping
from invokable.runtime.steps.exchange.protocol import ReadFile
from invokable.runtime.steps.resources.boards import board_id_of
from invokable.runtime.steps.resources.media import VIDEOS, Kind, upload_media
from invokable.runtime.values.inputs import Board, VideoInput
from invokable.runtime.values.media import Video
from invokable.runtime.values.records import VideoRecord


class Videos(Media[VideoRecord, Video]):
    """The videos of a server. Pass a video as its name on the server, or as a `Video`.

    Every method raises ConnectionError and APIError, and UnsupportedError for a server before 6.14.
    """

    _kind: ClassVar[Kind[Any]] = VIDEOS

    def upload(
        self,
        video: VideoInput,
        *,
        board: Board | str = "none",
        is_intermediate: bool = False,
        metadata: Mapping[str, Any] | None = None,
    ) -> VideoRecord:
        """Upload an MP4 file: a path, bytes or a file object. The server stores it unchanged.

        A `Video` is already on the server: it is moved to `board`, if one is given, and otherwise stays as it is.

        Args:
            board: The board to add it to, or "none".
            is_intermediate: Whether it is an intermediate video, which the editor does not show.
            metadata: JSON metadata to store with it.

        Raises OSError and TypeError for a video that cannot be read, TypeError and ValueError for metadata that is not
        JSON, BoardError, APIError and ConnectionError.
        """
        if isinstance(video, Video):
            if board != NO_BOARD:
                self.move(video, to=board)
            return self.get(video.name)
        check_mapping("metadata", metadata)
        board_id = self._drive(board_id_of(board))
        file = in_thread(read_file, ReadFile(video, "video"))
        return self._drive(
            upload_media(
                VIDEOS,
                file,
                category="user",
                board_id=board_id,
                is_intermediate=is_intermediate,
                metadata=metadata,
                cache=self._cache,
                client=self._downloader,
            )
        )
