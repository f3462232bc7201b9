"""Media: the images and videos on the server, on boards or not."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args
from uuid import uuid4

from invokable.contract.vocabulary import Category
from invokable.testing.server import mp4, pictures
from invokable.testing.server.clock import now
from invokable.testing.server.release import Release
from invokable.testing.server.sqlite import is_like

if TYPE_CHECKING:
    from PIL.Image import Image

CATEGORIES: Final[tuple[str, ...]] = get_args(Category)


@dataclass(slots=True, kw_only=True)
class File:
    """An image or a video."""

    name: str
    kind: str
    content: bytes
    width: int
    height: int
    category: str
    origin: str
    is_intermediate: bool
    user_id: str
    created_at: str
    updated_at: str
    session_id: str | None = None
    node_id: str | None = None
    board_id: str | None = None
    starred: bool = False
    metadata: str | None = None
    workflow: str | None = None
    graph: str | None = None
    thumbnail: bytes | None = None
    duration: float | None = None
    fps: float | None = None
    order: int = 0

    @property
    def has_workflow(self) -> bool:
        """Whether it contains a workflow."""
        return self.workflow is not None or self.graph is not None

    def touch(self) -> None:
        """Update the time of its last change."""
        self.updated_at = now()


class Media:
    """All files. Thread-safe."""

    def __init__(self, release: Release) -> None:
        self.lock = threading.RLock()
        self.files: dict[str, File] = {}
        self.archives: dict[str, bytes] = {}
        self.on_delete: list[Callable[[str], None]] = []
        self._release = release
        self._order = 0

    def add_image(self, image: Image, *, texts: dict[str, str | None], **about: Any) -> File:
        """Store an image, re-encoded, under a new name."""
        content = pictures.encode(image, texts)
        width, height = image.size
        return self._add("image", f"{uuid4()}.png", content, width, height, **texts, **about)

    def add_video(self, content: bytes, **about: Any) -> File:
        """Store a video unchanged. Raises ValueError if it cannot be read."""
        video = mp4.read(content)
        about |= {"duration": video.count / video.fps, "fps": video.fps}
        return self._add("video", f"{uuid4()}.mp4", content, video.width, video.height, **about)

    def _add(self, kind: str, name: str, content: bytes, width: int, height: int, **about: Any) -> File:
        created = now()
        with self.lock:
            self._order += 1
            file = File(
                name=name,
                kind=kind,
                content=content,
                width=width,
                height=height,
                created_at=created,
                updated_at=created,
                order=self._order,
                **about,
            )
            self.files[name] = file
        return file

    def get(self, name: str, kind: str = "image") -> File | None:
        """The file with a name and kind."""
        file = self.files.get(name)
        return file if file is not None and file.kind == kind else None

    def delete(self, names: Iterable[str]) -> list[File]:
        """Delete files. Returns those that existed."""
        with self.lock:
            gone = [file for name in names if (file := self.files.pop(name, None)) is not None]
        for file in gone:
            for tell in self.on_delete:
                tell(file.name)
        return gone

    def find(
        self,
        *,
        kind: str | None = "image",
        board_id: str | None = None,
        categories: Sequence[str] = (),
        is_intermediate: bool | None = None,
        origin: str | None = None,
        search: str | None = None,
        starred_first: bool = True,
        descending: bool = True,
        seen: Callable[[File], bool] = lambda file: True,
    ) -> list[File]:
        """The matching files, starred ones first, then newest first. `board_id` may be `none`."""
        with self.lock:
            found = [file for file in self.files.values() if kind in (None, file.kind) and seen(file)]
        if board_id is not None:
            found = [file for file in found if (file.board_id or "none") == board_id]
        if categories:
            found = [file for file in found if file.category in categories]
        if is_intermediate is not None:
            found = [file for file in found if file.is_intermediate is is_intermediate]
        if origin is not None:
            found = [file for file in found if file.origin == origin]
        if search:
            wanted = search.lower()
            found = [file for file in found if any(is_like(text, wanted) for text in _searched(file))]
        found.sort(key=lambda file: file.order, reverse=descending)
        return sorted(found, key=lambda file: not file.starred) if starred_first else found

    def thumbnail(self, file: File) -> bytes:
        """The thumbnail of a file, created on first use."""
        if file.thumbnail is None:
            file.thumbnail = pictures.thumbnail(file.content) if file.kind == "image" else _blank(file)
        return file.thumbnail

    def pack(self, files: Iterable[File], board_name: str) -> str:
        """Create a zip of files. Returns its name, which begins with that of a board."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for file in files:
                archive.writestr(f"{file.category}/{file.name}", file.content)
        words = "".join(one for one in board_name if one.isalpha() or one.isdigit() or one in " _-").rstrip()
        name = f"{words}_{uuid4()}.zip" if board_name else f"{uuid4()}.zip"
        self.archives[name] = buffer.getvalue()
        return name

    def to_json(self, file: File) -> dict[str, Any]:
        """The file as the server returns it."""
        kind = file.kind
        base = f"api/v1/{kind}s/i/{file.name}"
        record: dict[str, Any] = {
            f"{kind}_name": file.name,
            f"{kind}_url": f"{base}/full",
            "thumbnail_url": f"{base}/thumbnail",
            f"{kind}_origin": file.origin,
            f"{kind}_category": file.category,
            "width": file.width,
            "height": file.height,
            "created_at": file.created_at,
            "updated_at": file.updated_at,
            "deleted_at": None,
            "is_intermediate": file.is_intermediate,
            "session_id": file.session_id,
            "node_id": file.node_id,
            "starred": file.starred,
            "has_workflow": file.has_workflow,
            f"{kind}_subfolder": "",
            "board_id": file.board_id,
        }
        if kind == "video":
            record |= {"duration": file.duration, "fps": file.fps}
        return self._release.shape(kind, record)


def _searched(file: File) -> list[str]:
    return [file.created_at] if file.metadata is None else [file.metadata, file.created_at]


def _blank(file: File) -> bytes:
    from PIL import Image

    return pictures.thumbnail(pictures.encode(Image.new("RGB", (file.width, file.height)), {}))


def dumped(value: Any) -> str | None:
    """JSON text as stored in images; None for None."""
    return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
