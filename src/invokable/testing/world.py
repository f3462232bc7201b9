"""World: the state of one server. It survives a crash, except for the node cache and running items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.schema import load
from invokable.testing.graphs import Reader
from invokable.testing.server.boards import Boards
from invokable.testing.server.events import Hub
from invokable.testing.server.library import Library
from invokable.testing.server.media import Media
from invokable.testing.server.models import Models, checked
from invokable.testing.server.presets import Presets
from invokable.testing.server.queue import Queue
from invokable.testing.server.release import Release
from invokable.testing.server.rows import Row
from invokable.testing.server.users import Users


@dataclass(slots=True)
class Ran:
    """An item that was started."""

    row: Row
    begun: int = 0
    nodes: Counter[str] = field(default_factory=Counter)


class World:
    """The state of a server."""

    def __init__(
        self,
        version: str,
        *,
        models: Iterable[Mapping[str, Any]] | None = None,
        multiuser: bool = False,
        max_queue_size: int = 10_000,
    ) -> None:
        self.version: Final = version
        self.release: Final = Release(version)
        self.reader: Final = Reader(load(version))
        self.hub: Final = Hub()
        self.users: Final = Users(multiuser=multiuser)
        self.queue: Final = Queue(self.hub, self.release, max_size=max_queue_size, fair=multiuser)
        self.media: Final = Media(self.release)
        self.boards: Final = Boards(self.media, self.release)
        given = None if models is None else checked(models, self.reader.schema)
        self.models: Final = Models(given, self.release)
        self.library: Final = Library(self.release)
        self.presets: Final = Presets(self.release)
        self.ran: Final[dict[int, Ran]] = {}
        self.paused = False
        self.openapi: dict[str, Any] | None = None
        self.media.on_delete.append(self._forget)
        self.cache: Any = None
        """The engine's node cache, until the next start."""

    def _forget(self, name: str) -> None:
        if self.cache is not None:
            self.cache.forget(name)
