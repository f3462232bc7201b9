"""Prepare: from a workflow's values to the batch to submit.

    check ── read files ── find models and boards ── make batch values ── upload ── substitute

All problems are reported together, before any upload.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.contract.fields import BOARD_WORDS, MEDIA
from invokable.runtime.errors import InvokableError, NotFoundError, Problem, ValidationError
from invokable.runtime.steps.exchange.protocol import File, ReadFile, Steps
from invokable.runtime.steps.resources.boards import board_wire, list_boards, pick_board
from invokable.runtime.steps.resources.models import complete_models, filter_of, find_lora, find_model
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.uploads import RefusedFileError, RunUploads, replace_files
from invokable.runtime.steps.runs.batch_rules import rule_problems
from invokable.runtime.steps.runs.batches import Data, batch_data, least_size, size_of
from invokable.runtime.steps.runs.queue_room import check_room
from invokable.runtime.steps.runs.substitution import substitute, wire_values
from invokable.runtime.values.encoding import to_json
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.pins import InputPin, Pins, pins_of
from invokable.runtime.values.records import BoardRecord
from invokable.runtime.values.reprs import short
from invokable.runtime.values.submission import Submission, destination_of, new_batch_id
from invokable.runtime.values.validation import validate
from invokable.runtime.values.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can be submitted."""

    submission: Submission
    batch: dict[str, Any]
    """The `batch` of the enqueue body."""

    @property
    def data(self) -> Data:
        """The batch's lists of values."""
        data: Data = self.batch["data"]
        return data


_USUAL_QUEUE_SIZE: Final = 10_000
"""The items that a server's queue has room for, unless it is configured otherwise."""


@dataclass(frozen=True, slots=True)
class _Validated:
    """A run that is valid, whose files are not uploaded yet."""

    parts: dict[str, Any]
    """The data, the graph and the embedded workflow, with a File in place of each file."""
    requested: int
    completion: _Completion


def prepare(flow: Workflow, cache: ServerCache) -> Steps[Prepared]:
    """Prepare a run.

    Raises ValidationError with all problems, StaleWorkflowError, QueueFullError, APIError and ConnectionError.
    """
    validated = yield from _validated(flow, cache)
    batch_id = new_batch_id(validated.requested)
    uploads = RunUploads(cache.uploads, batch_id)
    try:
        yield from validated.completion.upload(flow, uploads)
    except BaseException:
        cache.uploads.release(batch_id)
        raise
    submission = Submission(
        workflow=f"{type(flow).__module__}:{type(flow).__qualname__}",
        batch_id=batch_id,
        destination=destination_of(batch_id),
        requested=validated.requested,
        uploads=tuple(uploads.names.values()),
    )
    parts = validated.parts
    if uploads.names:  # otherwise there is no file to check
        parts = {name: replace_files(part, uploads.wire) for name, part in parts.items()}
    identity = {"batch_id": batch_id, "origin": "workflows", "destination": submission.destination, "runs": 1}
    return Prepared(submission, identity | parts)


def validate_on_server(flow: Workflow, cache: ServerCache) -> Steps[int]:
    """Everything that `prepare` does before it uploads anything. Returns the number of queue items.

    Raises the same exceptions, and QueueFullError also for a single item.
    """
    return (yield from _validated(flow, cache, insist=True)).requested


def _validated(flow: Workflow, cache: ServerCache, *, insist: bool = False) -> Steps[_Validated]:
    pins = pins_of(type(flow))
    validate(flow)
    completion = _Completion(pins, cache, cache.uploads.clock())
    resolved = yield from completion.resolve(flow)
    values = wire_values(flow, resolved)
    graph, embedded = substitute(pins, values)
    graph = yield from complete_models(graph, cache, completion.problems, since=completion.began)
    # Before the values are made, which may take more memory than there is.
    if (least := least_size(pins, values)) > _USUAL_QUEUE_SIZE:
        yield from check_room(least, cache, insist=True)
    data = yield from batch_data(pins, values, completion.problems)
    completion.raise_problems()
    completion.problems += rule_problems(pins, graph, data)  # of valid values only
    completion.raise_problems()
    requested = size_of(data)
    yield from check_room(requested, cache, insist=insist)
    return _Validated({"data": data, "graph": graph, "workflow": embedded}, requested, completion)


@dataclass(slots=True)
class _Completion:
    """Completes values that need the server or the disk."""

    pins: Pins
    cache: ServerCache
    began: float
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, list[tuple[File, object]]] = field(default_factory=dict)
    """The files to upload, and what they were read from, by attribute."""
    boards: Sequence[BoardRecord] | None = None

    def resolve(self, flow: Workflow) -> Steps[dict[str, Any]]:
        """The wire values of such inputs by attribute, with a File in place of each file that is not uploaded yet."""
        wire: dict[str, Any] = {}
        for pin, value in self._given(flow):
            complete = _COMPLETED.get(pin.type.name)
            if complete is None:
                continue
            wire[pin.attribute] = None  # in case it is invalid
            found: list[Any] = []
            try:
                for item in value if isinstance(value, list) else [value]:
                    found.append((yield from complete(self, pin, item)))  # noqa: PERF401  (a comprehension cannot yield)
            except NotFoundError as error:
                self._add_problem(pin, value, str(error), error.nearest)
            except InvokableError:  # some are also OSErrors
                raise
            except TypeError as error:
                self._add_problem(pin, value, str(error))
            except OSError as error:
                what = repr(error.filename) if error.filename else short(value)
                self._add_problem(pin, value, f"cannot read {what}: {error.strerror or error}")
            else:
                wire[pin.attribute] = found if isinstance(value, list) else found[0]
        return wire

    def upload(self, flow: Workflow, uploads: RunUploads) -> Steps[None]:
        """Upload the files that were read. Raises ValidationError with all that the server refuses."""
        for pin, value in self._given(flow):
            for file, given in self.files.get(pin.attribute, ()):
                try:
                    yield from uploads.add(file)
                except RefusedFileError as error:
                    name = repr(os.fspath(given)) if isinstance(given, str | os.PathLike) else "the file"
                    self._add_problem(pin, value, f"the server refused {name}: {error}")
                    break
        self.raise_problems()

    def raise_problems(self) -> None:
        """Raise ValidationError if there are problems, in the order of the form."""
        if self.problems:
            last = float("inf")
            raise ValidationError(sorted(self.problems, key=lambda p: last if p.index is None else p.index))

    def media(self, pin: InputPin, value: Any) -> Steps[Any]:
        """A file that was read, or the reference to one on the server."""
        if isinstance(value, Image | Video):
            return to_json(value)
        file: File = yield ReadFile(value, MEDIA[pin.type.name])
        if not file.content:
            raise TypeError(f"the {file.kind} is empty")
        self.files.setdefault(pin.attribute, []).append((file, value))
        return file

    def model(self, pin: InputPin, value: Any) -> Steps[Any]:
        """A model's identifier."""
        return (yield from find_model(value, filter_of(self.pins.hints[pin.attribute]), self.cache, since=self.began))

    def lora(self, pin: InputPin, value: Any) -> Steps[Any]:
        """A LoRA with its weight."""
        return (yield from find_lora(value, filter_of(self.pins.hints[pin.attribute]), self.cache, since=self.began))

    def board(self, pin: InputPin, value: Any) -> Steps[Any]:
        """A board's reference; "none" and "auto" unchanged."""
        if value in BOARD_WORDS:
            return value
        if self.boards is None:
            self.boards = yield from list_boards(archived=True)
        return board_wire(pick_board(value, self.boards))

    def _given(self, flow: Workflow) -> Iterator[tuple[InputPin, Any]]:
        for pin in self.pins.inputs:
            value = getattr(flow, pin.attribute)
            if not pin.connected and value is not None:
                yield pin, value

    def _add_problem(self, pin: InputPin, value: object, message: str, candidates: tuple[str, ...] = ()) -> None:
        kind = type(value).__name__
        self.problems.append(Problem(pin.index, pin.attribute, pin.label, message, kind, candidates))


_COMPLETED: Final[dict[str, Callable[[_Completion, InputPin, Any], Steps[Any]]]] = {
    **dict.fromkeys(MEDIA, _Completion.media),
    "BoardField": _Completion.board,
    "LoRAField": _Completion.lora,
    "ModelIdentifierField": _Completion.model,
}
