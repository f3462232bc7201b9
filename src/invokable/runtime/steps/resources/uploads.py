"""Uploads: files to the server, each content only once for all runs of a client.

a file ── known by its digest? ── no ── upload ──────────────────────────────▶ its name
              │                └── being uploaded by another run ── wait ──▶ its name
              └── yes, and seen on the server within a minute ─────────────▶ its name
                   └── otherwise check that it still exists; if not, upload it again
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.runtime.errors import APIError
from invokable.runtime.locks import Lock
from invokable.runtime.steps.exchange.answers import StoredImage, StoredVideo
from invokable.runtime.steps.exchange.fetching import fetch, fetch_as
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import File, Request, Sleep, Steps
from invokable.runtime.steps.exchange.responses import parse, read

_FRESH_FOR: Final = 60.0  # seconds for which a file that was seen on the server is assumed to exist
_POLL_PAUSES: Final = (0.01, 0.02, 0.05, 0.1)  # seconds between checks of another run's upload; the last one repeats

_Key = tuple[str, str]


class RefusedFileError(Exception):
    """The server refused a file. Holds the server's message."""


@dataclass(slots=True)
class _StoredFile:
    """A file on the server, or being uploaded while it has no name."""

    name: str = ""
    seen: float = 0.0
    runs: set[str] = field(default_factory=set)
    """The batch ids of the unfinished runs that use it."""


@dataclass(slots=True)
class UploadCache:
    """The files that a client has uploaded for its runs, by content. Any number of threads and tasks may share it."""

    clock: Callable[[], float] = time.monotonic
    _files: dict[_Key, _StoredFile] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _process: int = field(default_factory=os.getpid)

    def name_of(self, file: File, batch_id: str) -> Steps[str]:
        """The name on the server of a file with this content; if there is none, it is uploaded as intermediate.

        Raises RefusedFileError, APIError and ConnectionError.
        """
        self._after_fork()
        key = (file.kind, hashlib.sha256(file.content).hexdigest())
        polls = 0
        while True:
            stored, is_ours = self._claim(key, batch_id)
            if is_ours:
                return (yield from self._upload(key, stored, file))
            if not stored.name:
                yield Sleep(_POLL_PAUSES[min(polls, len(_POLL_PAUSES) - 1)])
                polls += 1
            elif (yield from self._is_there(stored, file)):
                return stored.name
            else:
                self._drop(key, stored)

    def mark_stale(self, names: Iterable[str] | None = None) -> None:
        """Have these files, or all, checked before their next use, for example after a failed run."""
        chosen = None if names is None else set(names)
        with self._lock:
            for stored in self._files.values():
                if chosen is None or stored.name in chosen:
                    stored.seen = float("-inf")

    def release(self, batch_id: str) -> None:
        """Note that a run has ended."""
        with self._lock:
            for stored in self._files.values():
                stored.runs.discard(batch_id)

    def forget(self, names: Iterable[str], batch_id: str) -> tuple[str, ...]:
        """Forget files that a run has used, and return those that no other run uses, which may be deleted."""
        self.release(batch_id)
        with self._lock:
            in_use = {stored.name for stored in self._files.values() if stored.runs}
            free = dict.fromkeys(name for name in names if name not in in_use)
            self._files = {key: stored for key, stored in self._files.items() if stored.name not in free}
            return tuple(free)

    def _after_fork(self) -> None:
        """Forget the unfinished uploads of a parent process's threads, which do not exist in this process."""
        if self._process != os.getpid():
            self._process, self._lock = os.getpid(), Lock()
            self._files = {key: stored for key, stored in self._files.items() if stored.name}

    def _claim(self, key: _Key, batch_id: str) -> tuple[_StoredFile, bool]:
        with self._lock:
            is_new = key not in self._files
            stored = self._files.setdefault(key, _StoredFile())
            stored.runs.add(batch_id)
            return stored, is_new

    def _drop(self, key: _Key, stored: _StoredFile) -> None:
        with self._lock:
            if self._files.get(key) is stored:
                del self._files[key]

    def _upload(self, key: _Key, stored: _StoredFile, file: File) -> Steps[str]:
        try:
            answer = yield from _upload_intermediate(file)
        except BaseException as error:  # the runs that wait for it upload the file themselves
            self._drop(key, stored)
            if isinstance(error, APIError) and error.status == 415:
                raise RefusedFileError(error.detail) from None
            raise
        stored.seen = self.clock()
        stored.name = answer.image_name if isinstance(answer, StoredImage) else answer.video_name
        return stored.name

    def _is_there(self, stored: _StoredFile, file: File) -> Steps[bool]:
        if self.clock() - stored.seen < _FRESH_FOR:
            return True
        try:
            parse((yield from fetch(Request("GET", f"/api/v1/{file.kind}s/i/{stored.name}"))))
        except APIError as error:
            if error.status != 404:
                raise
            LOG.info("%s %s is no longer on the server; uploading it again", file.kind, stored.name)
            return False
        stored.seen = self.clock()
        return True


@dataclass(slots=True)
class RunUploads:
    """The files of one run, and their names on the server."""

    cache: UploadCache
    batch_id: str
    names: dict[File, str] = field(default_factory=dict)

    def add(self, file: File) -> Steps[None]:
        """Make sure a file is on the server. Raises RefusedFileError, APIError and ConnectionError."""
        if file not in self.names:
            self.names[file] = yield from self.cache.name_of(file, self.batch_id)

    def wire(self, file: File) -> dict[str, str]:
        """An uploaded file as the value of a field."""
        return {f"{file.kind}_name": self.names[file]}


def replace_files(value: Any, wire: Callable[[File], Mapping[str, str]]) -> Any:
    """A JSON value with each file replaced by the result of `wire`; parts without files remain the same objects."""
    if isinstance(value, File):
        return wire(value)
    if isinstance(value, list):
        items = [replace_files(item, wire) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        members = {key: replace_files(item, wire) for key, item in value.items()}
        return value if all(members[key] is value[key] for key in value) else members
    return value


def _upload_intermediate(file: File) -> Steps[StoredImage | StoredVideo]:
    """Upload a file that galleries do not show. Raises APIError and ConnectionError.

    Retried while the server is unreachable, busy or answers nonsense: a file that arrives twice leaves a spare copy.
    """
    params = {f"{file.kind}_category": "user", "is_intermediate": "true"}
    request = Request("POST", f"/api/v1/{file.kind}s/upload", params, file=file)
    if file.kind == "image":
        return (yield from fetch_as(request, lambda response: read(response, StoredImage)))
    return (yield from fetch_as(request, lambda response: read(response, StoredVideo)))
