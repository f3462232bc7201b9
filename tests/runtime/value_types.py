"""Values, records, settings and errors, for type checkers. Nothing here runs."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, assert_type

from generated_examples.colour_card import ColourCard

import invokable
from invokable import (
    APIError,
    AuthenticationError,
    Board,
    BoardError,
    BoardRecord,
    CertificateError,
    ClientClosedError,
    Color,
    Connection,
    ConnectionError,  # noqa: A004
    Drift,
    EmbeddedWorkflow,
    Ended,
    EnqueueUncertain,
    FieldValue,
    Image,
    ImageRecord,
    InvocationCache,
    InvokableError,
    JobStatus,
    LibraryWorkflow,
    LoRA,
    Model,
    ModelInstall,
    ModelInstallError,
    ModelRecord,
    NodeOutput,
    NotFoundError,
    NotInvokeAIError,
    Policy,
    Preview,
    Problem,
    QueueFullError,
    QueueItem,
    QueueStatus,
    RunCanceled,
    RunFailed,
    RunInterrupted,
    RunTimeout,
    ServerInfo,
    StaleWorkflowError,
    StylePreset,
    StylePresetRecord,
    Submission,
    UnsupportedError,
    User,
    ValidationError,
    Video,
    VideoRecord,
    Workflow,
    WorkflowError,
    WorkflowRecord,
    WorkflowResult,
    index_map_drift,
    verify_index_map,
)


class Tags(tuple[str, ...]):
    """A class for the values of a field."""

    def to_invokeai(self) -> Any:
        return ", ".join(self)

    @classmethod
    def from_invokeai(cls, value: Any, /) -> Tags:
        return cls(value.split(","))


def inputs() -> None:
    color = Color(r=1, g=2, b=3)
    assert_type((color.r, color.g, color.b, color.a), tuple[int, int, int, int])
    model = Model(name="x", base="sd-1", type="main", key="k", hash="h", submodel_type="unet")
    parts = (model.name, model.base, model.type, model.key, model.hash, model.submodel_type)
    assert_type(parts, tuple[str, str, str, str, str, str])
    lora = LoRA(model, weight=0.5)
    assert_type((lora.model, lora.weight), tuple[Model | str, float])
    assert_type(Board(id="b", name="x").name, str)
    assert_type(StylePreset("s").id, str)
    value: FieldValue = Tags(("a",))
    assert_type(value.to_invokeai(), Any)
    assert_type(Tags.from_invokeai("a,b"), Tags)


def workflows(card: ColourCard, flow: Workflow) -> None:
    assert_type(card.copy(), ColourCard)
    assert_type(card.replace(width=64), ColourCard)
    assert_type(card.to_dict(), dict[str, Any])
    assert_type(ColourCard.from_dict({"stamp": "a.png"}), ColourCard)
    assert_type([(index, name) for index, name, _ in flow], list[tuple[int, str]])
    assert_type(card == flow, bool)


def results(result: WorkflowResult, output: NodeOutput) -> None:
    assert_type((result.images, result.videos), tuple[list[Image], list[Video]])
    assert_type((result.item_ids, result.batch_id), tuple[list[int], str])
    assert_type((output.node_id, output.item_id, output.type), tuple[str, int, str])
    assert_type((output.values, output.value), tuple[Mapping[str, Any], Any])


def media(image: Image, video: Video, path: Path) -> None:
    assert_type((image.name, image.collection, image.node_id), tuple[str, str, str | None])
    assert_type((image.width, image.height), tuple[int | None, int | None])
    assert_type((image.bytes(), image.thumbnail()), tuple[bytes, bytes])
    assert_type(image.save(path), Path)
    assert_type(image.pil().size, tuple[int, int])
    assert_type(image.numpy(), Any)
    assert_type((video.name, video.collection, video.node_id), tuple[str, str, str | None])
    assert_type((video.width, video.height, video.bytes()), tuple[int | None, int | None, bytes])
    assert_type((video.save("out/"), video.thumbnail()), tuple[Path, bytes])


def stored(image: ImageRecord, video: VideoRecord) -> None:
    for one in (image, video):
        assert_type((one.category, one.origin), tuple[str, str])
        assert_type((one.starred, one.is_intermediate, one.has_workflow), tuple[bool, bool, bool])
        assert_type((one.board_id, one.session_id), tuple[str | None, str | None])
        assert_type((one.created_at, one.updated_at), tuple[datetime | None, datetime | None])
    assert_type((video.duration, video.fps), tuple[float | None, float | None])


def records(
    board: BoardRecord, embedded: EmbeddedWorkflow, item: QueueItem, status: QueueStatus, workflow: WorkflowRecord
) -> None:
    assert_type((board.id, board.name, board.user_id, board.visibility), tuple[str, str, str, str])
    assert_type((board.image_count, board.asset_count, board.video_count), tuple[int, int, int])
    assert_type((board.archived, board.cover_image_name), tuple[bool, str | None])
    assert_type((board.created_at, board.updated_at), tuple[datetime | None, datetime | None])
    assert_type((embedded.workflow, embedded.graph), tuple[Mapping[str, Any] | None, Mapping[str, Any] | None])
    assert_type((item.item_id, item.priority, item.retried_from_item_id), tuple[int, int, int | None])
    assert_type((item.status, item.batch_id, item.user_id, item.ended), tuple[str, str, str, bool])
    assert_type((item.origin, item.destination, item.session_id), tuple[str | None, str | None, str | None])
    assert_type((item.error_type, item.error_message, item.error_traceback), tuple[str | None, str | None, str | None])
    times = (item.created_at, item.started_at, item.completed_at)
    assert_type(times, tuple[datetime | None, datetime | None, datetime | None])
    assert_type((status.pending, status.in_progress, status.waiting, status.open), tuple[int, int, int, int])
    assert_type((status.completed, status.failed, status.canceled, status.total), tuple[int, int, int, int])
    assert_type((status.paused, status.item_id), tuple[bool, int | None])
    assert_type((workflow.id, workflow.name, workflow.description, workflow.category), tuple[str, str, str, str])
    assert_type((workflow.tags, workflow.user_id, workflow.is_public), tuple[tuple[str, ...], str, bool])
    assert_type((workflow.thumbnail_url, workflow.opened_at), tuple[str | None, datetime | None])
    assert_type((workflow.created_at, workflow.updated_at), tuple[datetime | None, datetime | None])


def servers(
    cache: InvocationCache, info: ServerInfo, preset: StylePresetRecord, user: User, whole: LibraryWorkflow
) -> None:
    assert_type((cache.enabled, cache.size, cache.max_size), tuple[bool, int, int])
    assert_type((cache.hits, cache.misses), tuple[int, int])
    assert_type((info.version, info.multiuser, info.max_queue_size), tuple[str, bool, int | None])
    assert_type((preset.name, preset.positive_prompt, preset.negative_prompt), tuple[str, str, str])
    assert_type((preset.type, preset.image, preset.is_public, preset.user_id), tuple[str, str | None, bool, str])
    assert_type((user.user_id, user.email, user.display_name, user.is_admin), tuple[str, str, str, bool])
    assert_type(whole.document, Mapping[str, Any])


def models(model: ModelRecord, install: ModelInstall) -> None:
    assert_type((model.format, model.variant, model.description), tuple[str, str | None, str])
    assert_type((model.path, model.source, model.file_size), tuple[str, str, int | None])
    assert_type((model.trigger_phrases, model.config), tuple[tuple[str, ...], Mapping[str, Any]])
    assert_type((install.id, install.status, install.source, install.reason), tuple[int, str, str, str])
    assert_type((install.bytes, install.total_bytes, install.fraction), tuple[int, int, float])
    assert_type((install.model, install.ended), tuple[ModelRecord | None, bool])


def runs(status: JobStatus, ended: Ended, preview: Preview, submission: Submission) -> None:
    assert_type((status.pending, status.in_progress, status.completed), tuple[int, int, int])
    assert_type((status.failed, status.canceled, status.removed), tuple[int, int, int])
    assert_type(ended.item_id, int)
    assert_type(ended.state, Literal["completed", "failed", "canceled"])
    assert_type((preview.width, preview.height, preview.content_type), tuple[int, int, str])
    assert_type(preview.content, bytes)
    assert_type(Submission.from_json(submission.to_json()), Submission)
    assert_type((submission.workflow, submission.batch_id, submission.destination), tuple[str, str, str])
    assert_type((submission.requested, submission.item_ids), tuple[int, tuple[int, ...]])
    assert_type(submission.uploads, tuple[str, ...])


def settings() -> None:
    policy = Policy(
        retries=1,
        first_pause=0.1,
        longest_pause=1,
        longest_retry_after=2,
        jitter=0,
        connect_timeout=1,
        read_timeout=1,
        total_timeout=1,
        transfer_timeout=1,
        pool_timeout=1,
        connections=1,
        idle_connections=1,
        first_poll=0.1,
        poll=1,
        models=("key", lambda model, records: [one for one in records if one.name == model.name]),
        outputs={"palette_output": lambda output: output.values["palette"]},
    )
    assert_type(policy.pause(1, 2.0), float)
    connection = Connection.from_environment("http://x", proxy="http://proxy")
    assert_type(connection, Connection)
    made = Connection(
        "https://x",
        token="t",
        email="me@example.org",
        password="p",
        api_key="k",
        api_key_header="X-Key",
        headers={"X-Team": "art"},
        verify=ssl.create_default_context(),
        certificate=Path("client.pem"),
        certificate_key="client.key",
        certificate_password="p",
        proxy="http://proxy",
        trust_env=False,
    )
    assert_type((made.url, made.origin, made.socket_path, made.proxy_name), tuple[str, str, str, str])
    assert_type((made.parts.hostname, made.proxy_url, made.proxy_port), tuple[str | None, str | None, int])
    assert_type((made.is_secret, made.extra_headers), tuple[bool, dict[str, str]])
    assert_type((made.ssl_context, made.proxy_ssl_context), tuple[ssl.SSLContext | None, ssl.SSLContext | None])


def drifts(drift: Drift) -> None:
    assert_type(verify_index_map(ColourCard, "card.map.json"), Drift)
    assert_type(index_map_drift(ColourCard, Path("card.json")), Drift)
    assert_type((drift.breaking, drift.breaks_callers(by_name=True), drift.summary), tuple[bool, bool, str])
    assert_type((drift.unchanged_inputs, drift.unchanged_outputs), tuple[tuple[str, ...], tuple[str, ...]])
    print(drift.verdict, drift.breaks, drift.old, drift.new, drift.changes, *drift.lines)


def errors(flow: ColourCard) -> None:
    """Every error, subclasses first."""
    try:
        invokable.Client(invokable.Connection()).run(flow)
    except ValidationError as error:
        assert_type(error.errors, tuple[Problem, ...])
        for problem in error.errors:
            assert_type((problem.index, problem.attribute, problem.label), tuple[int | None, str, str])
            assert_type((problem.message, problem.kind, problem.candidates), tuple[str, str, tuple[str, ...]])
    except (CertificateError, NotInvokeAIError, ConnectionError) as error:
        assert_type((error.url, error.sent), tuple[str, bool])
    except AuthenticationError as error:
        assert_type(error.advice, str)
    except ClientClosedError as error:
        assert_type(error.batch_id, str)
    except APIError as error:
        assert_type((error.status, error.detail, error.method, error.url), tuple[int, str, str, str])
    except UnsupportedError as error:
        assert_type((error.needs, error.version), tuple[str, str])
    except BoardError as error:
        assert_type(error.board, str)
    except NotFoundError as error:
        assert_type((error.name, error.found, error.nearest), tuple[str, int, tuple[str, ...]])
    except ModelInstallError as error:
        assert_type(error.install, ModelInstall)
    except StaleWorkflowError as error:
        assert_type(error.drift, Drift | None)
    except QueueFullError as error:
        assert_type((error.enqueued, error.requested), tuple[int, int])
    except RunFailed as error:
        assert_type((error.item_id, error.node_id, error.node_type), tuple[int, str | None, str | None])
        assert_type((error.error_type, error.error_message, error.traceback), tuple[str, str, str])
        assert_type(error.partial, WorkflowResult | None)
    except RunInterrupted as error:
        assert_type(error.partial, WorkflowResult | None)
    except RunCanceled as error:
        assert_type(error.cause, Literal["caller", "others", "restart", "removal", "unknown"])
    except (EnqueueUncertain, RunTimeout, WorkflowError) as error:
        assert_type(error.batch_id, str)
    except InvokableError as error:
        assert_type(error.submission, Submission | None)
