"""Surface: types in the signatures of both clients, and checks of what callers pass instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import index
from os import PathLike
from typing import Any, Protocol, SupportsIndex, TypeGuard, TypeVar, get_args

from invokable.contract.listing import any_of
from invokable.contract.nearest import suggestion
from invokable.runtime.values.characters import check_characters
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.records import ModelInstall, QueueItem
from invokable.runtime.values.reprs import short
from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.submission import Submission, destination_of
from invokable.runtime.values.workflow import Workflow

Result = TypeVar("Result", bound=WorkflowResult)
ResultOf = TypeVar("ResultOf", bound=WorkflowResult, covariant=True)


class Runs(Protocol[ResultOf]):
    """A workflow, as seen by its result type."""

    @property
    def Result(self) -> type[ResultOf]:  # noqa: N802  (the generated class's own name)
        """The class of the result."""


def checked(flow: object) -> Workflow:
    """Check that `flow` is a workflow instance. Raises TypeError for anything else."""
    if not isinstance(flow, Workflow):
        hint = f"; create one: {flow.__name__}(…)" if isinstance(flow, type) and issubclass(flow, Workflow) else ""
        raise TypeError(f"expected a workflow instance, got {short(flow)}{hint}")
    return flow


def checked_class(workflow: object) -> type[Workflow]:
    """Check that `workflow` is a workflow class. Raises TypeError for anything else."""
    if not (isinstance(workflow, type) and issubclass(workflow, Workflow)):
        hint = f"; pass its class, {type(workflow).__name__}" if isinstance(workflow, Workflow) else ""
        raise TypeError(f"expected a workflow class, got {short(workflow)}{hint}")
    return workflow


def checked_medium(medium: object) -> Image | Video:
    """Check that `medium` is an image or a video. Raises TypeError for anything else."""
    if isinstance(medium, Image | Video):
        return medium
    if isinstance(medium, str):
        hint = "; for a file on the server, pass client.image(name) or client.video(name)"
    else:
        hint = "; for a result or a list, use client.save_all" if isinstance(medium, WorkflowResult | list) else ""
    raise TypeError(f"expected an Image or a Video, got {short(medium)}{hint}")


def checked_media(media: object) -> Iterable[object]:
    """Check that `media` may be several images and videos. Raises TypeError for anything else."""
    if isinstance(media, Iterable):
        return media
    hint = "; for one, use client.save" if isinstance(media, Image | Video) else ""
    raise TypeError(f"expected a result, or images and videos, got {short(media)}{hint}")


def image_of(given: object) -> Image:
    """An image, or the one with a name. Raises TypeError for anything else."""
    return given if isinstance(given, Image) else Image(name_of(given, "image"))


def video_of(given: object) -> Video:
    """A video, or the one with a name. Raises TypeError for anything else."""
    return given if isinstance(given, Video) else Video(name_of(given, "video"))


def name_of(medium: object, kind: str) -> str:
    """The name of an image or a video on the server, or a name itself.

    Raises TypeError for one of the other kind, and ValueError for a name that is not text.
    """
    if isinstance(medium, str):
        check_characters(medium)
        return medium
    if isinstance(medium, Image | Video) and medium.collection == f"{kind}s":
        return medium.name
    expected = f"{'an' if kind == 'image' else 'a'} {kind} or its name"
    raise TypeError(f"expected {expected}, got {short(medium)}{_several(medium, f'{kind}s')}")


def names_of(media: Iterable[object], kind: str) -> list[str]:
    """The names of images or videos. Raises TypeError for any of the other kind, and ValueError."""
    return [name_of(medium, kind) for medium in media]


def item_id_of(item: object) -> int:
    """The id of a queue item, or an id itself. Raises TypeError for anything else."""
    if isinstance(item, QueueItem):
        return item.item_id
    if is_whole(item):
        return index(item)
    raise TypeError(f"expected a queue item or its id, a number, got {short(item)}{_several(item, 'items')}")


def install_id_of(install: object) -> int:
    """The id of an installation, or an id itself. Raises TypeError for anything else."""
    if isinstance(install, ModelInstall):
        return install.id
    if is_whole(install):
        return index(install)
    raise TypeError(f"expected an installation or its id, a number, got {short(install)}")


def is_whole(given: object) -> TypeGuard[SupportsIndex]:
    """Whether something is a whole number, such as one of NumPy's."""
    return isinstance(given, SupportsIndex) and not isinstance(given, bool)


def _several(given: object, name: str) -> str:
    return f"; pass several as *{name}" if isinstance(given, list | tuple) else ""


def submission_of(given: object) -> Submission:
    """A submission, or one of which only the batch id is known. Raises TypeError for anything else."""
    if isinstance(given, str) and given:
        return Submission("", given, destination_of(given), 0)
    if isinstance(given, Submission):
        return given
    raise TypeError(f"expected a Submission or a batch id, got {short(given)}{_where(given)}")


def check_function(parameter: str, given: object, argument: str) -> None:
    """Check that something may be called, or is None. Raises TypeError for anything else."""
    if given is not None and not callable(given):
        raise TypeError(f"{parameter} is {short(given)}; expected a function, which is called with {argument}")


def check_mapping(parameter: str, given: object) -> None:
    """Check that something is a dict or another mapping, or None. Raises TypeError for anything else."""
    if not isinstance(given, Mapping | None):
        raise TypeError(f"{parameter} is {short(given)}; expected a dict")


def check_writable(file: object) -> None:
    """Check that a download can be written into something. Raises TypeError for anything else."""
    if not hasattr(file, "write"):
        hint = "; for a path, use client.save" if isinstance(file, str | PathLike) else ""
        raise TypeError(f"expected a file object, with a write method, got {short(file)}{hint}")


def checked_submission(given: object) -> Submission:
    """Check that something is a submission. Raises TypeError for anything else."""
    if isinstance(given, Submission):
        return given
    raise TypeError(f"expected a Submission, such as job.submission or error.submission, got {short(given)}")


def checked_batch_ids(given: Iterable[object]) -> list[str]:
    """Check that several things are batch ids. Raises TypeError for anything else."""
    return [checked_batch_id(one, _several(one, "batch_ids")) for one in given]


def checked_batch_id(given: object, hint: str = "") -> str:
    """Check that something is a batch id. Raises TypeError for anything else."""
    if isinstance(given, str) and given:
        return given
    raise TypeError(f"expected a batch id, got {short(given)}{_where(given)}{hint}")


def check_word(parameter: str, given: object, words: Any) -> None:
    """Check that something is one of the words of a `Literal`. Raises ValueError with the nearest."""
    known: tuple[str, ...] = get_args(words)
    if given not in known:
        hint = suggestion(given, known) if isinstance(given, str) else ""
        raise ValueError(f"{parameter} is {short(given)}; expected {any_of(map(repr, known))}{hint}")


def check_list(parameter: str, given: object, such_as: str) -> None:
    """Check that something is a list or another collection. Raises TypeError for anything else, such as text."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise TypeError(f"{parameter} is {short(given)}; expected a list, such as {[such_as]}")


def check_words(parameter: str, given: Any, words: Any) -> None:
    """Check that something has only words of a `Literal`. Raises ValueError with the nearest, TypeError for text."""
    check_list(parameter, given, get_args(words)[0])
    for one in given:
        check_word(f"one of the {parameter}", one, words)


def _where(given: object) -> str:
    """Where callers find what they probably mean."""
    if isinstance(given, WorkflowResult):
        return "; pass its batch_id"
    return "; read it with Submission.from_json" if isinstance(given, Mapping) else ""


def checked_document(document: object) -> Mapping[str, Any]:
    """Check that something may be a workflow's JSON document. Raises TypeError for anything else."""
    if isinstance(document, Mapping):
        return document
    raise TypeError(f"expected a workflow's document, a dict as json.load reads it from a file, got {short(document)}")
