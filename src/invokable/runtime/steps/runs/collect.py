"""Collect: from ended queue items to a result, item by item, or to an error that says why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from invokable.runtime.errors import RunCanceled, RunFailed, RunInterrupted, WorkflowError
from invokable.runtime.steps.exchange import answers
from invokable.runtime.steps.exchange.answers import RunItem, Session
from invokable.runtime.steps.exchange.responses import not_invokeai, shaped
from invokable.runtime.steps.runs.wait_state import WaitState
from invokable.runtime.values.encoding import custom_from_json
from invokable.runtime.values.inputs import Color
from invokable.runtime.values.media import Downloader, Image, Video, bound, media_in, size_in
from invokable.runtime.values.node_output import OutputMaker, node_output
from invokable.runtime.values.pins import OutputPin, Pins
from invokable.runtime.values.result import WorkflowResult


@dataclass(frozen=True, slots=True)
class ResultSpec:
    """How the results of nodes become the result of a run."""

    result: type[WorkflowResult]
    pins: Pins
    client: Downloader | None = None
    makers: Mapping[str, OutputMaker] = field(default_factory=dict)


def collect(spec: ResultSpec, waiting: WaitState) -> WorkflowResult:
    """The result of a run whose items have ended.

    Raises RunFailed, RunCanceled, and WorkflowError if a node gave no value for an output. If some items of a batch
    were completed, the error holds their result.
    """
    submission = waiting.submission
    items = [waiting.ended[item_id] for item_id in submission.item_ids if item_id in waiting.ended]
    partial = result_of(spec, items, submission.batch_id)
    if partial is not None and len(partial.item_ids) == submission.requested:
        return partial
    failed = [item for item in items if item.status == "failed"]
    if failed:
        raise _failure(failed[0], len(failed), submission.requested, partial)
    raise _cancellation(items, waiting, partial)


def result_of(spec: ResultSpec, items: Sequence[RunItem], batch_id: str) -> WorkflowResult | None:
    """The result of those items that are completed; None if there are none."""
    completed = [item for item in items if item.status == "completed"]
    return _result(spec, completed, batch_id) if completed else None


def _result(spec: ResultSpec, items: Sequence[RunItem], batch_id: str) -> WorkflowResult:
    values: dict[str, Any] = {}
    for item in items if spec.pins.outputs else ():
        if item.session.is_empty:
            raise not_invokeai(f"item {item.item_id}", "completed, but without the result of any node")
    for output in spec.pins.outputs:
        _check_graph(items, output)
        found = [value for item in items for value in _values(item, output, spec)]
        if not output.many and not found:
            raise _lacking(items, output)
        values[output.attribute] = found if output.many else found[-1]
    media = list(media_in(list(values.values())))
    return spec.result(
        **values,
        images=[medium for medium in media if isinstance(medium, Image)],
        videos=[medium for medium in media if isinstance(medium, Video)],
        item_ids=[item.item_id for item in items],
        batch_id=batch_id,
        _ran=[ran for item in items for ran in _results_by_node(item)],
        _client=spec.client,
        _makers=spec.makers,
    )


def _check_graph(items: Sequence[RunItem], output: OutputPin) -> None:
    """Raise WorkflowError if an item ran another workflow, as after attaching with another class."""
    for item in items:
        nodes = item.session.graph.nodes
        if nodes and output.node_id not in nodes:  # events do not show the graph
            raise WorkflowError(
                f"item {item.item_id} ran another workflow, without a node {output.node_id!r}; "
                "attach with the class that was submitted"
            )


def _lacking(items: Sequence[RunItem], output: OutputPin) -> WorkflowError:
    ran = any(True for item in items for _ in _results_of(item.session, output.node_id))
    why = "although it ran; generate the module again" if ran else "because it did not run, perhaps behind an If node"
    return WorkflowError(f"node {output.node_id!r} gave no {output.field!r} {why}")


def _results_by_node(item: RunItem) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The results of each node of an item, once for each time it ran."""
    for node_id in item.session.source_prepared_mapping:
        for result in _results_of(item.session, node_id):
            yield item.item_id, node_id, result


def _values(item: RunItem, output: OutputPin, spec: ResultSpec) -> Iterator[Any]:
    """The values of an item for an output, in the order of its iterations."""
    for result in _results_of(item.session, output.node_id):
        if output.is_open and result.get("type") in spec.makers:
            yield node_output(item.item_id, output.node_id, result, spec.client, spec.makers).value
        elif output.field in result:
            where = f"item {item.item_id}, node {output.node_id}"
            yield _value(result[output.field], output, result, spec.client, where)
        elif output.nullable:  # the server leaves out nulls
            yield None


def _results_of(session: Session, node_id: str) -> Iterator[dict[str, Any]]:
    """The results of a node, once for each time it ran."""
    executed = session.source_prepared_mapping.get(node_id, [])
    paths = session.prepared_iteration_paths
    for name in sorted(executed, key=lambda name: paths.get(name) or []):
        if name in session.results:
            yield session.results[name]


def _value(raw: Any, output: OutputPin, result: dict[str, Any], client: Downloader | None, where: str) -> Any:
    if output.custom is not None:
        try:
            return custom_from_json(raw, output.custom, output.type.cardinality)
        except Exception as error:
            name = output.custom.__name__
            raise WorkflowError(f"{where}: {name} failed for its {output.field!r}: {error}") from error
    if isinstance(raw, list):
        return [_value(item, output, {}, client, where) for item in raw]
    size = size_in(result)
    match output.type.name:
        case "ImageField":
            image = shaped(raw, answers.ImageRef, where=where)
            return bound(Image(image.image_name, *size, output.node_id), client)
        case "VideoField":
            video = shaped(raw, answers.VideoRef, where=where)
            return bound(Video(video.video_name, *size, output.node_id), client)
        case "ColorField":
            color = shaped(raw, answers.ColorValue, where=where)
            return Color(r=color.r, g=color.g, b=color.b, a=color.a)
    return raw


def _cancellation(items: Sequence[RunItem], waiting: WaitState, partial: WorkflowResult | None) -> RunCanceled:
    canceled = [item for item in items if item.status == "canceled"]
    ids = [*waiting.open, *(item.item_id for item in canceled)]
    if unknown := waiting.submission.requested - len(waiting.submission.item_ids):
        message = (
            f"{unknown} of {waiting.submission.requested} items are not in the server's queue: "
            "it had no room for them, or they were pruned, cleared or deleted"
        )
        return RunCanceled(message, item_ids=ids, cause="removal", partial=partial)
    if not canceled:
        return removal(ids, f"{_why_removed(waiting)} by somebody else or with client.queue", partial)
    items_were = _named([item.item_id for item in canceled])
    if waiting.canceled_here:
        return RunCanceled(f"{items_were} canceled by this client", item_ids=ids, cause="caller", partial=partial)
    if any(_was_canceled_by_somebody(item, waiting) for item in canceled):
        return RunCanceled(
            f"{items_were} canceled by somebody else or with client.queue",
            item_ids=ids,
            cause="others",
            partial=partial,
        )
    if waiting.had_outage:
        message = f"{items_were} canceled by a restart of the server; job.retry() runs them again"
        return RunInterrupted(message, item_ids=ids, cause="restart", partial=partial)
    message = f"{items_were} canceled by somebody else, with client.queue or by a restart of the server"
    return RunCanceled(message, item_ids=ids, cause="unknown", partial=partial)


def removal(item_ids: Sequence[int], why: str, partial: WorkflowResult | None = None) -> RunCanceled:
    """The error for items that were removed from the queue."""
    message = f"{_named(item_ids)} no longer in the server's queue: {why}"
    return RunCanceled(message, item_ids=item_ids, cause="removal", partial=partial)


def _was_canceled_by_somebody(item: RunItem, waiting: WaitState) -> bool:
    """Whether somebody must have canceled an item. A restart sends no event, and does not cancel pending items."""
    is_reported = item.item_id in waiting.tracker.ended
    return is_reported or (item.created_at is not None and item.started_at is None)


def _why_removed(waiting: WaitState) -> str:
    tracker = waiting.tracker
    if tracker.removed:
        return "cleared"
    if all(tracker.ended.get(item_id) == "completed" for item_id in waiting.open):
        return "pruned, cleared or deleted after completion"
    return "pruned, cleared or deleted"


def _named(ids: Sequence[int]) -> str:
    shown = ", ".join(map(str, ids[:5])) + ("…" if len(ids) > 5 else "")
    return f"item {shown} was" if len(ids) == 1 else f"items {shown} were"


def _failure(item: RunItem, failed: int, total: int, partial: WorkflowResult | None) -> RunFailed:
    session = item.session
    executed = next(iter(session.errors), "")
    node_id = session.prepared_source_mapping.get(executed)
    node = session.graph.nodes.get(node_id) if node_id else None
    return RunFailed(
        item_id=item.item_id,
        node_id=node_id,
        node_type=node.type if node else None,
        error_type=item.error_type or "",
        error_message=item.error_message or session.errors.get(executed, "") or "the server gave no message",
        traceback=item.error_traceback or "",
        failed=failed,
        total=total,
        partial=partial,
    )
