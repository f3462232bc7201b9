"""Errors, organized by what the caller can do about them.

    InvokableError
    ├── ConnectionError           could not connect to the server: start it, check the address, try later
    │   ├── NotInvokeAIError      something else answered at that address
    │   └── CertificateError      the server's certificate, or ours, was refused
    ├── APIError                  the server refused a request: its status and message
    │   └── AuthenticationError   the server, or a proxy, requires a sign-in, or refused the one given
    ├── ClientClosedError         the client was closed; jobs on the server continue
    ├── UnsupportedError          the server is too old: the version that is required
    ├── ValidationError           invalid values: all of them, by input
    ├── NotFoundError             no such model, image, workflow …, or several with that name
    │   └── BoardError            no such board, or several with that name
    ├── ModelInstallError         a model was not installed: the server's reason
    └── WorkflowError             the workflow could not be run
        ├── StaleWorkflowError    the generated module is out of date: generate it again
        ├── QueueFullError        the queue has no room for all items
        ├── EnqueueUncertain      it is not known whether the server accepted the batch
        ├── RunFailed             a node failed: item, node, the server's error and traceback
        ├── RunCanceled           items were canceled, or removed from the queue; `cause` says by whom
        │   └── RunInterrupted    a restart of the server interrupted them: `Job.retry` runs them again
        └── RunTimeout            the run timed out; its items are still on the server

Every error of a run that may have reached the server has a `submission`, which `Client.attach` accepts to wait again.

`ConnectionError`, `ClientClosedError`, `ValidationError`, `NotFoundError` and `RunTimeout` are also subclasses of
Python's built-in `ConnectionError`, `RuntimeError`, `ValueError`, `LookupError` and `TimeoutError`. Messages are one
line, except that a ValidationError has a line for each problem. No error contains a token. All errors can be pickled.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from invokable.contract.plain import plain

if TYPE_CHECKING:
    from invokable.contract.interface import Drift
    from invokable.runtime.values.records import ModelInstall
    from invokable.runtime.values.result import WorkflowResult
    from invokable.runtime.values.submission import Submission

__all__ = [
    "APIError",
    "AuthenticationError",
    "BoardError",
    "CertificateError",
    "ClientClosedError",
    "ConnectionError",
    "EnqueueUncertain",
    "InvokableError",
    "ModelInstallError",
    "NotFoundError",
    "NotInvokeAIError",
    "Problem",
    "QueueFullError",
    "RunCanceled",
    "RunFailed",
    "RunInterrupted",
    "RunTimeout",
    "StaleWorkflowError",
    "UnsupportedError",
    "ValidationError",
    "WorkflowError",
]


class InvokableError(Exception):
    """The base class of all errors of this package.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except InvokableError as error:
            print(f"batch {error.batch_id}: {error}")
    """

    submission: Submission | None = None
    """Identifies the run on the server; None if nothing was submitted."""

    def __init__(self, message: str) -> None:
        # It may repeat an id or a name, with whatever it contains.
        self.message = self._shown(message)
        super().__init__(self.message)

    def _shown(self, message: str) -> str:
        return plain(message)

    def __str__(self) -> str:
        return self.message

    @property
    def batch_id(self) -> str:
        """The id of the run's batch on the server; empty if nothing was submitted."""
        return self.submission.batch_id if self.submission else ""

    def __reduce__(self) -> tuple[object, ...]:
        # Exception.__reduce__ calls the class with `args`, which does not work with the signatures below.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[InvokableError], args: tuple[object, ...], state: dict[str, object]) -> InvokableError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class ConnectionError(InvokableError, builtins.ConnectionError):  # noqa: A001  (caught as either)
    """Could not connect to the server, or the connection broke.

    `sent` is whether the request may have reached the server.

    Example:

        try:
            client.version()
        except ConnectionError as error:
            print(f"{error.url} did not answer: {error}")
    """

    def __init__(self, message: str, *, url: str = "", sent: bool = False) -> None:
        super().__init__(message)
        self.url = url
        self.sent = sent


class NotInvokeAIError(ConnectionError):
    """Something other than InvokeAI's API answered, such as a web page.

    Example:

        try:
            client.version()
        except NotInvokeAIError as error:
            print(f"check the address: {error}")
    """


class CertificateError(ConnectionError):
    """The server's certificate cannot be verified, or the server rejected the client's. Trying again does not help.

    Example:

        try:
            client.version()
        except CertificateError as error:
            print(f"{error.url}: pass verify=, or a Connection with a certificate")
    """


class ClientClosedError(InvokableError, RuntimeError):
    """The client was closed before or during the call. Jobs on the server continue.

    Pass the `submission` to another client's `attach` to wait for the run again.

    Example:

        job = client.submit(Portrait(prompt="a fox"))
        try:
            result = job.result()  # while another thread closes the client
        except ClientClosedError as error:
            print(f"batch {error.batch_id} continues on the server")
    """


_ADVICE: Final = {
    403: "the account is not permitted to do this; ask an administrator of the server",
    409: "the server is busy with its files; try again later",  # if it is about files
    413: "the request is too large for the server or a proxy; send less",
    415: "the server cannot read the file; it accepts pictures as images, and MP4 files as videos",
    429: "the server is busy; try again later, or allow more retries with Policy(retries=…)",
    500: "see the server's log",
    502: "the server is down or restarting; try again later",
    503: "the server is busy or restarting; try again later",
    504: "the server, or a proxy in front of it, timed out; try again later",
}
"""What to do next, by status."""


class APIError(InvokableError):
    """The server refused a request; `detail` is its message.

    Example:

        try:
            client.images.upload(b"not a picture")
        except APIError as error:
            print(error.status, error.detail)
    """

    advice: str = ""
    """What to do next, judging by the status."""

    def __init__(self, status: int, detail: str, *, method: str = "", url: str = "", advice: str = "") -> None:
        is_known = status != 409 or "/images/" in url or "/videos/" in url
        self.advice = advice or (_ADVICE.get(status, "") if is_known else "")
        said = f"{method} {url}: {status} {detail}".strip()
        super().__init__(f"{said} ({self.advice})" if self.advice else said)
        self.status = status
        self.detail = detail
        self.method = method
        self.url = url


class AuthenticationError(APIError):
    """The server requires a sign-in, or refused the token, or the email and password.

    With status 407, it is the proxy that requires or refused the user and password in its URL.

    Example:

        try:
            status = client.queue.status()
        except AuthenticationError as error:
            print(error.detail, error.advice)
    """

    def __init__(self, status: int, detail: str, *, method: str = "", url: str = "", advice: str = "") -> None:
        advice = advice or (
            "pass a valid token=, or email= and password="
            "; or set INVOKEAI_TOKEN, or INVOKEAI_EMAIL and INVOKEAI_PASSWORD"
        )
        super().__init__(status, detail, method=method, url=url, advice=advice)


@dataclass(frozen=True, slots=True)
class Problem:
    """One invalid input: its first index in the form, its attribute and label, what is wrong, and the value's type.

    If the server does not have what the value names, `candidates` are the names it has instead. For a field that the
    form does not show, `index` is None, `attribute` is the field and `label` the node.

    Example:

        try:
            Portrait(prompt=7)
        except ValidationError as error:
            for problem in error.errors:
                print(problem.index, problem.attribute, problem.message)
    """

    index: int | None
    attribute: str
    label: str
    message: str
    kind: str = ""
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.index is None:
            return f"node {self.label!r}, field {self.attribute!r}: {self.message}"
        label = f" ({self.label})" if self.label else ""
        return f"index {self.index}, {self.attribute}{label}: {self.message}"


class ValidationError(InvokableError, ValueError):
    """Invalid values; `errors` has a `Problem` for each.

    Example:

        try:
            Portrait(prompt=7, board=False)
        except ValidationError as error:
            print(error)  # a line for each of the two
    """

    def __init__(self, errors: Iterable[Problem]) -> None:
        self.errors: tuple[Problem, ...] = tuple(errors)
        super().__init__("")

    def _shown(self, message: str) -> str:
        return "\n".join(plain(str(error)) for error in self.errors)


class UnsupportedError(InvokableError):
    """The server is too old: it has version `version`, and the operation requires `needs`.

    Example:

        try:
            videos = list(client.videos.list())
        except UnsupportedError as error:
            print(f"no videos before {error.needs}")
    """

    def __init__(self, what: str, *, needs: str, version: str) -> None:
        super().__init__(f"{what} requires InvokeAI {needs} or later; the server has {version}")
        self.needs = needs
        self.version = version


class NotFoundError(InvokableError, LookupError):
    """The server has nothing with that name or id, or several with that name; `found` is how many.

    `nearest` has the most similar names, or what distinguishes the several.

    Example:

        try:
            model = client.models.find("dreamshaper")
        except NotFoundError as error:
            print(f"{error.found} found, nearest: {error.nearest}")
    """

    def __init__(self, message: str, *, name: str = "", found: int = 0, nearest: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.found = found
        self.nearest = tuple(nearest)


class BoardError(NotFoundError):
    """No board has this name or id, or several have the name.

    Example:

        try:
            board = client.boards.find("Foxes")
        except BoardError:
            board = client.boards.create("Foxes")
    """

    def __init__(self, message: str, *, board: str, found: int = 0, nearest: Iterable[str] = ()) -> None:
        super().__init__(message, name=board, found=found, nearest=nearest)
        self.board = board


class ModelInstallError(InvokableError):
    """A model was not installed, or not in time; `install` is the state of the installation.

    Raised if the installation failed or was canceled, and after `timeout`, in which case the server continues.

    Example:

        try:
            client.models.install("/models/fox.safetensors", timeout=600)
        except ModelInstallError as error:
            print(error.install.status, error.install.reason)
    """

    def __init__(self, message: str, *, install: ModelInstall) -> None:
        super().__init__(message)
        self.install = install


class WorkflowError(InvokableError):
    """The workflow could not be run.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except WorkflowError as error:
            print(f"batch {error.batch_id} gave no result: {error}")
    """


class StaleWorkflowError(WorkflowError):
    """The generated module does not match its own pins, this runtime, the server, or a file it was compared with.

    `drift` has the changes that `verify_index_map` found, and is None otherwise.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except StaleWorkflowError as error:
            print(f"generate the module again: {error}")
    """

    def __init__(self, message: str, *, drift: Drift | None = None) -> None:
        super().__init__(message)
        self.drift = drift


class QueueFullError(WorkflowError):
    """The queue has no room for all items. If the server accepted some of them, they were canceled.

    Those that `Job.retry` runs again are not; once there is room, it continues with the others.

    Example:

        try:
            job = client.submit(Portrait(prompt="a fox"))
        except QueueFullError as error:
            print(f"the queue accepted {error.enqueued} of {error.requested} items")
    """

    def __init__(self, message: str, *, enqueued: int, requested: int) -> None:
        super().__init__(message)
        self.enqueued = enqueued
        self.requested = requested


class EnqueueUncertain(WorkflowError):  # noqa: N818  (a state to handle, as RunTimeout)
    """The batch was sent, no answer arrived, and the server does not show it; it may still appear.

    Pass the `submission` to `Client.attach` to look for it later.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except EnqueueUncertain as error:
            print(f"look again later: {error.submission}")
    """


class RunFailed(WorkflowError):  # noqa: N818
    """A node failed. `error_type`, `error_message` and `traceback` are the server's.

    They are about item `item_id`, the first of the `failed` ones among the `total` items of the batch. `partial` has
    the result of the completed items; None if there are none.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except RunFailed as error:
            print(f"{error.node_type} failed: {error.error_message}")
            result = error.partial
    """

    def __init__(
        self,
        *,
        item_id: int,
        node_id: str | None,
        node_type: str | None,
        error_type: str,
        error_message: str,
        traceback: str,
        failed: int = 1,
        total: int = 1,
        partial: WorkflowResult | None = None,
    ) -> None:
        node = f"node {node_id!r} ({node_type})" if node_id else "the session"
        several = f" ({failed} of {total} items failed)" if total > 1 else ""
        words = ": ".join(_one_line(part) for part in (error_type, error_message) if part)
        super().__init__(f"item {item_id}: {node} failed: {words}{several}")
        self.item_id = item_id
        self.node_id = node_id
        self.node_type = node_type
        self.error_type = error_type
        self.error_message = error_message
        self.traceback = traceback
        self.failed = failed
        self.total = total
        self.partial = partial


_Cause: TypeAlias = Literal["caller", "others", "restart", "removal", "unknown"]


class RunCanceled(WorkflowError):  # noqa: N818
    """Items were canceled, or removed from the queue.

    `cause` is `caller` if this client canceled the run, `others` if somebody else or `client.queue` canceled items,
    `restart` if the server restarted, `removal` if items were removed from the queue, and `unknown` otherwise.
    `partial` has the result of the completed items of the batch; None if there are none.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except RunCanceled as error:
            print(f"items {error.item_ids} were canceled")
            result = error.partial
    """

    def __init__(
        self,
        message: str,
        *,
        item_ids: Sequence[int],
        cause: _Cause = "unknown",
        partial: WorkflowResult | None = None,
    ) -> None:
        super().__init__(message)
        self.item_ids = tuple(item_ids)
        self.cause: _Cause = cause
        self.partial = partial


class RunInterrupted(RunCanceled):
    """The server stopped or crashed while items were running, and canceled them when it started again.

    `Job.retry` runs them again; `run(…, resubmit=True)` does so automatically.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"))
        except RunInterrupted as error:
            job = client.attach(Portrait, error.submission)
            job.retry()
            result = job.result()
    """


class RunTimeout(WorkflowError, builtins.TimeoutError):  # noqa: N818
    """The run took longer than `timeout`. Items that were submitted stay on the server.

    Pass the `submission` to `Client.attach` to wait for them again; `Client.cancel` cancels them.

    Example:

        try:
            result = client.run(Portrait(prompt="a fox"), timeout=60)
        except RunTimeout as error:
            result = client.attach(Portrait, error.submission).result()
    """


def _one_line(text: str) -> str:
    return " ".join(text.split())


for _name in __all__:  # as users import them
    globals()[_name].__module__ = "invokable"
