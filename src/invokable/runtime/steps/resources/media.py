"""Media: requests about the images and videos on the server, which are the same for both.

A list is a snapshot: names are fetched first and the records later, so that additions and deletions in between cause
no gaps and no repeats. Servers before 6.0 only have pages, so there they can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from invokable.contract.fields import NO_BOARD
from invokable.runtime.errors import NotFoundError
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.fetching import fetch, fetch_as, in_path
from invokable.runtime.steps.exchange.paging import Page, in_chunks
from invokable.runtime.steps.exchange.protocol import File, Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import not_invokeai, parse, read, shaped
from invokable.runtime.steps.resources.boards import board_id_of
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.thumbnails import picture
from invokable.runtime.steps.resources.versions import at_least, require
from invokable.runtime.values.characters import check_characters
from invokable.runtime.values.inputs import Board
from invokable.runtime.values.media import Downloader, bound
from invokable.runtime.values.records import EmbeddedWorkflow, ImageRecord, VideoRecord
from invokable.runtime.values.submission import Submission

R = TypeVar("R", ImageRecord, VideoRecord)

MOST: Final = 1000
"""Names in one request, a limit that servers enforce since `MOST_SINCE`."""
MOST_SINCE: Final = "6.14"
_AT_ONCE: Final = 200  # records in one request
_LONGEST: Final = 255  # characters of a name; a longer one in such a request is refused


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """Images or videos."""

    name: str
    record: type[R]
    since: str
    """The first version that has them."""
    names_since: str
    """The first version that lists their names."""

    @property
    def path(self) -> str:
        """Their path in the server's API."""
        return f"/api/v1/{self.name}s"


IMAGES: Final = Kind("image", ImageRecord, "5.0", "6.0")
VIDEOS: Final = Kind("video", VideoRecord, "6.14", "6.14")  # 6.6 to 6.8 answer 501


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which images or videos to list."""

    board: Board | str | None = None
    """"none" for those on no board, None for all."""
    categories: Sequence[str] = ()
    origin: str | None = None
    is_intermediate: bool | None = False
    search: str = ""
    starred_first: bool = False
    newest_first: bool = True

    def params(self, kind: str) -> Steps[dict[str, Any]]:
        """The query parameters for the server. Raises BoardError."""
        board_id = None if self.board is None else (yield from board_id_of(self.board))
        params: dict[str, Any] = {
            "starred_first": str(self.starred_first).lower(),
            "order_dir": "DESC" if self.newest_first else "ASC",
            "board_id": board_id,
            "categories": list(self.categories) or None,
            f"{kind}_origin": self.origin,
            "is_intermediate": None if self.is_intermediate is None else str(self.is_intermediate).lower(),
            "search_term": self.search or None,
        }
        return {name: value for name, value in params.items() if value is not None}


class _Listed(Answer):
    items: list[dict[str, Any]]
    total: int


class _Embedded(Answer):
    workflow: str | None = None
    graph: str | None = None


def list_media(kind: Kind[R], selection: Selection, cache: ServerCache, client: Downloader | None) -> Steps[Page[R]]:
    """The images or videos of a selection."""
    yield from _require_kind(kind, cache)
    params = yield from selection.params(kind.name)
    if not (yield from at_least(cache, kind.names_since)):
        return (yield from _page(kind, params, client, 0))
    names = yield from _names(kind, params)
    if kind.name == "image":
        return (yield from in_chunks(names, lambda some: _by_names(kind, some, client), _AT_ONCE))
    return (yield from _pages_by_names(kind, params, names, client, 0))  # videos cannot be requested by name


def media_names(kind: Kind[R], selection: Selection, cache: ServerCache) -> Steps[tuple[str, ...]]:
    """The names of the images or videos of a selection."""
    yield from require(cache, f"listing the names of {kind.name}s", kind.names_since)
    return (yield from _names(kind, (yield from selection.params(kind.name))))


def upload_media(
    kind: Kind[R],
    file: File,
    *,
    category: str,
    board_id: str,
    is_intermediate: bool,
    metadata: Mapping[str, Any] | None,
    cache: ServerCache,
    client: Downloader | None,
) -> Steps[R]:
    """Upload a file. Retried until its answer can be read: a file that arrives twice only leaves a spare copy."""
    check_characters(metadata)
    yield from _require_kind(kind, cache)
    params = {f"{kind.name}_category": category, "is_intermediate": str(is_intermediate).lower()}
    params |= {} if board_id == NO_BOARD else {"board_id": board_id}
    form = {} if metadata is None else {"metadata": json.dumps(dict(metadata), allow_nan=False)}
    request = Request("POST", f"{kind.path}/upload", params, file=file, form=form)
    return (yield from fetch_as(request, lambda response: _record(kind, parse(response), response, client)))


def get_media(kind: Kind[R], name: str, cache: ServerCache, client: Downloader | None) -> Steps[R]:
    """An image or a video. Raises NotFoundError."""
    response = yield from _get(kind, name, "", cache)
    return _record(kind, parse(response), response, client)


def require_images(names: Sequence[str], cache: ServerCache) -> Steps[None]:
    """Raise NotFoundError for an image that does not exist, and APIError for one that the user may not see."""
    there: set[str] = set()
    if len(names) > 1 and (yield from at_least(cache, IMAGES.names_since)):
        possible = [name for name in names if len(name) <= _LONGEST]
        for start in range(0, len(possible), _AT_ONCE):
            found = yield from _by_names(IMAGES, possible[start : start + _AT_ONCE], None)
            there |= {image.name for image in found}
    for name in names:
        if name not in there:  # the server left it out without saying why
            yield from get_media(IMAGES, name, cache, None)


def media_metadata(kind: Kind[R], name: str, cache: ServerCache) -> Steps[dict[str, Any] | None]:
    """The metadata of an image or a video. Raises NotFoundError."""
    response = yield from _get(kind, name, "/metadata", cache)
    metadata = parse(response)
    return None if metadata is None else shaped(metadata, dict[str, Any], where=response.url)


def embedded_workflow(kind: Kind[R], name: str, cache: ServerCache) -> Steps[EmbeddedWorkflow]:
    """The workflow and the graph embedded in an image or a video. Raises NotFoundError."""
    response = yield from _get(kind, name, "/workflow", cache)
    embedded = read(response, _Embedded)
    return EmbeddedWorkflow(workflow=_loaded(embedded.workflow, response), graph=_loaded(embedded.graph, response))


def media_thumbnail(kind: Kind[R], name: str, cache: ServerCache) -> Steps[bytes]:
    """The thumbnail of an image or a video. Raises NotFoundError."""
    response = yield from _get(kind, name, "/thumbnail", cache)
    return picture(response)


def count_intermediates() -> Steps[int]:
    """The number of intermediate images."""
    return read((yield from fetch(Request("GET", f"{IMAGES.path}/intermediates"))), int)


def delete_intermediates(cache: ServerCache) -> Steps[int]:
    """Delete all intermediate images. Returns the number deleted."""
    cache.uploads.mark_stale()  # they are intermediate
    return read((yield from fetch(Request("DELETE", f"{IMAGES.path}/intermediates"))), int)


def change_media(
    kind: Kind[R], name: str, changes: Mapping[str, Any], cache: ServerCache, client: Downloader | None
) -> Steps[R]:
    """Change what the server stores about an image or a video. Raises NotFoundError."""
    yield from get_media(kind, name, cache, client)  # below, a missing one is just a 400
    changing = {f"{kind.name}_{key}" if key == "category" else key: value for key, value in changes.items()}
    response = yield from fetch(Request("PATCH", _path(kind, name), json=changing))
    return _record(kind, parse(response), response, client)


def star_media(kind: Kind[R], names: Iterable[str], cache: ServerCache, *, starred: bool) -> Steps[tuple[str, ...]]:
    """Star images or videos, or remove their stars. Returns the names of those that the server changed."""
    verb = "star" if starred else "unstar"
    return (yield from _in_bulk(kind, names, f"{kind.path}/{verb}", f"{verb}red", cache))


def delete_media(kind: Kind[R], names: Iterable[str], cache: ServerCache) -> Steps[tuple[str, ...]]:
    """Delete images or videos. Returns the names of those that the server deleted."""
    names = list(names)
    cache.uploads.mark_stale(names)  # first, so that no run relies on them meanwhile
    return (yield from _in_bulk(kind, names, f"{kind.path}/delete", "deleted", cache))


def move_media(kind: Kind[R], names: Iterable[str], board_id: str, cache: ServerCache) -> Steps[tuple[str, ...]]:
    """Move images or videos to a board, or to none. Returns the names of those that are there now."""
    if kind.name == "video":
        return (yield from _move_videos(names, board_id, cache))
    path, verb, more = "/api/v1/board_images/batch", "added", {"board_id": board_id}
    if board_id == NO_BOARD:
        path, verb, more = f"{path}/delete", "removed", {}
    return (yield from _in_bulk(kind, names, path, verb, cache, **more))


def clean_up(submission: Submission, cache: ServerCache) -> Steps[tuple[str, ...]]:
    """Delete files that a run uploaded and no other run uses. Returns the names of those that the server deleted."""
    names = cache.uploads.forget(submission.uploads, submission.batch_id)
    videos = [name for name in names if name.endswith(".mp4")]
    images = [name for name in names if name not in videos]
    deleted = (yield from delete_media(IMAGES, images, cache)) if images else ()
    return deleted + ((yield from delete_media(VIDEOS, videos, cache)) if videos else ())


def _require_kind(kind: Kind[R], cache: ServerCache) -> Steps[None]:
    """Raise UnsupportedError if the server has none of them. All servers have images."""
    if kind.since != IMAGES.since:
        yield from require(cache, f"using {kind.name}s", kind.since)


def _move_videos(names: Iterable[str], board_id: str, cache: ServerCache) -> Steps[tuple[str, ...]]:
    """Move videos one by one; the server reports success even for those that do not exist."""
    yield from require(cache, "moving videos", VIDEOS.since)
    moved = []
    for name in names:
        try:
            yield from get_media(VIDEOS, name, cache, None)
        except NotFoundError:
            continue
        body = {"video_name": name, **({} if board_id == NO_BOARD else {"board_id": board_id})}
        method = "DELETE" if board_id == NO_BOARD else "POST"
        parse((yield from fetch(Request(method, f"{VIDEOS.path}/board", json=body))))
        moved.append(name)
    return tuple(moved)


def _in_bulk(
    kind: Kind[R], names: Iterable[str], path: str, verb: str, cache: ServerCache, **more: str
) -> Steps[tuple[str, ...]]:
    yield from _require_kind(kind, cache)
    wanted = list(dict.fromkeys(names))
    done: list[str] = []
    for start in range(0, len(wanted), MOST):
        body = {**more, f"{kind.name}_names": wanted[start : start + MOST]}
        response = yield from fetch(Request("POST", path, json=body))
        answer = read(response, dict[str, Any])
        # Before 5.15: `added_image_names`, `updated_image_names`.
        keys = (f"{verb}_{kind.name}s", f"{verb}_{kind.name}_names", f"updated_{kind.name}_names")
        changed: Any = next((answer[key] for key in keys if key in answer), None)
        done += shaped(changed, list[str], where=response.url)
    return tuple(done)


def _names(kind: Kind[R], params: Mapping[str, Any]) -> Steps[tuple[str, ...]]:
    response = yield from fetch(Request("GET", f"{kind.path}/names", params))
    names = read(response, dict[str, Any]).get(f"{kind.name}_names")
    return shaped(names, tuple[str, ...], where=response.url)


def _by_names(kind: Kind[R], names: Sequence[Any], client: Downloader | None) -> Steps[list[R]]:
    body = {f"{kind.name}_names": list(names)}
    response = yield from fetch(Request("POST", f"{kind.path}/{kind.name}s_by_names", json=body))
    return [_record(kind, value, response, client) for value in read(response, list[dict[str, Any]])]


def _pages_by_names(
    kind: Kind[R], params: Mapping[str, Any], names: Sequence[str], client: Downloader | None, start: int
) -> Steps[Page[R]]:
    """The records with these names, one server page at a time; one that moved to another page is fetched by name."""
    response = yield from _paged(kind, params, start)
    here = [_record(kind, value, response, client) for value in read(response, _Listed).items]
    by_name = {one.name: one for one in here}
    found = []
    for name in names[start : start + _AT_ONCE]:
        one = by_name.get(name) or (yield from _get_if_there(kind, name, client))
        if one is not None:
            found.append(one)
    following = partial(_pages_by_names, kind, params, names, client, start + _AT_ONCE)
    return Page(found, following if start + _AT_ONCE < len(names) else None)


def _get_if_there(kind: Kind[R], name: str, client: Downloader | None) -> Steps[R | None]:
    response = yield from fetch(Request("GET", _path(kind, name)))
    return None if response.status == 404 else _record(kind, parse(response), response, client)


def _page(kind: Kind[R], params: Mapping[str, Any], client: Downloader | None, start: int) -> Steps[Page[R]]:
    response = yield from _paged(kind, params, start)
    listed = read(response, _Listed)
    reached = start + len(listed.items)
    following = partial(_page, kind, params, client, reached)
    items = [_record(kind, value, response, client) for value in listed.items]
    return Page(items, following if items and reached < listed.total else None)


def _paged(kind: Kind[R], params: Mapping[str, Any], start: int) -> Steps[Response]:
    return (yield from fetch(Request("GET", f"{kind.path}/", {**params, "offset": start, "limit": _AT_ONCE})))


def _get(kind: Kind[R], name: str, part: str, cache: ServerCache) -> Steps[Response]:
    yield from _require_kind(kind, cache)
    response = yield from fetch(Request("GET", _path(kind, name) + part))
    if response.status == 404:
        raise _missing(kind, name)
    return response


def _path(kind: Kind[R], name: str) -> str:
    return f"{kind.path}/i/{in_path(name, _missing(kind, name))}"


def _missing(kind: Kind[R], name: str) -> NotFoundError:
    return NotFoundError(f"the server has no {kind.name} {name!r}", name=name)


def _record(kind: Kind[R], value: Any, response: Response, client: Downloader | None) -> R:
    names = {"name": f"{kind.name}_name", "category": f"{kind.name}_category", "origin": f"{kind.name}_origin"}
    return bound(record(kind.record, value, names, where=response.url), client)


def _loaded(text: str | None, response: Response) -> dict[str, Any] | None:
    try:
        found = None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        raise not_invokeai(response.url, "answered with invalid JSON") from None
    return None if found is None else shaped(found, dict[str, Any], where=response.url)
