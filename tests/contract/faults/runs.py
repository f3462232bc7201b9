"""Runs: one run with a fault, in one of several ways, and checks of its outcome."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import asdict, dataclass, field
from io import BytesIO
from random import Random
from typing import Any, Final

from PIL import Image

from invokable import AsyncClient, Client, EnqueueUncertain, InvokableError, Policy, RunTimeout, Submission
from tests.contract.faults.cases import CASES, SOCKET, Case, Fates
from tests.contract.faults.servers import Place
from tests.contract.interrupts import interrupted, may_still_run
from tests.contract.proxy import Proxy
from tests.examples import imported, with_generator, workflow_class

BLOCKING: Final = "blocking"
AWAITED: Final = "asynchronous"

RUN: Final = "run"
SUBMIT: Final = "submit"
ATTACH: Final = "attach"
BATCH: Final = "batch"
WAYS: Final = {
    RUN: "`run`",
    SUBMIT: "`submit`, then `job.result`",
    ATTACH: "`submit`, then another client attaches by the submission",
    BATCH: "`submit`, then another client attaches by the batch id",
}
"""What is called. If another client attaches, the first one was closed or abandoned, immediately or while it waited."""

_PATIENCE: Final = Policy(total_timeout=2.0, read_timeout=2.0, transfer_timeout=3.0, first_pause=0.1)
_PATIENT: Final = Policy(total_timeout=5.0, first_pause=0.5, retries=12)
"""For a server that restarts, which takes up to a minute."""


@dataclass
class Outcome:
    """How a run ended, and what was wrong, if anything."""

    case: Case
    seed: int
    kind: str
    ended: str = ""
    """`result`, or the name of the error."""
    seconds: float = 0.0
    met: int = 0
    """How many of the faults occurred; faults of the socket only count if there are no others."""
    problem: str = ""
    way: str = RUN

    def to_json(self) -> dict[str, Any]:
        """The outcome, with the case by its number."""
        return {**asdict(self), "case": CASES.index(self.case)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        """Create an outcome from what `to_json` returned."""
        return cls(**{**value, "case": CASES[value["case"]]})


@functools.cache
def counted() -> Any:
    """A Colour Card class for several widths."""
    return workflow_class(imported(with_generator()))


@functools.cache
def stamp() -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), (250, 200, 10)).save(file, "PNG")
    return file.getvalue()


def run(case: Case, seed: int, kind: str, place: Place, way: str = RUN) -> Outcome:
    """Run once. Never raises."""
    draw = Random(f"{case.group} {case.name} {seed} {kind}")
    outcome = Outcome(case, seed, kind, way=way)
    proxy = Proxy(place.url)
    fates = case.fates(draw)
    proxy.fates = list(fates)
    flow = _flow(case, draw)
    trial = _Trial(case, kind, way, proxy, flow, place)
    start = time.monotonic()
    problem: BaseException | None = None
    try:
        result = _go(trial, draw)
        outcome.ended = "result"
        outcome.seconds = time.monotonic() - start
        proxy.settle()
        outcome.problem = _wrong_result(trial, result)
    except KeyboardInterrupt as error:
        outcome.ended, problem = "KeyboardInterrupt", error
    except InvokableError as error:
        outcome.ended, problem = type(error).__name__, error
    except BaseException as error:
        outcome.ended = f"{type(error).__module__}.{type(error).__name__}"
        outcome.problem = f"a foreign exception: {error}"
    outcome.seconds = outcome.seconds or time.monotonic() - start
    outcome.met = _struck(fates, proxy.fates)
    with contextlib.suppress(Exception):
        proxy.close()
    if problem is not None:
        proxy.settle()
        outcome.problem = _wrong_report(trial, problem)
    if case.within and outcome.seconds > case.within:
        outcome.problem = outcome.problem or f"took {outcome.seconds:.1f} s"
    return outcome


def _struck(fates: Fates, left: Fates) -> int:
    of_requests = [entry for entry in fates if entry[0] != SOCKET]
    return (Counter(of_requests or fates) - Counter(left)).total()


def _flow(case: Case, draw: Random) -> Any:
    takes_long = bool(case.by_others) or case.interrupted
    count = 12 if takes_long else draw.choice([1, 1, 2, 3])
    start = 64 + 8 * draw.randrange(60)
    widths = {"type": "integer_generator_arithmetic_sequence", "start": start, "step": 8, "count": count}
    height = (1024 if takes_long or case.slow else 32) + 8 * draw.randrange(16)
    return counted()(stamp=stamp(), height=height, widths=widths)


def _widths(flow: Any) -> list[int]:
    settings = flow.widths
    return [settings["start"] + settings["step"] * number for number in range(settings["count"])]


def _go(trial: _Trial, draw: Random) -> Any:
    case = trial.case
    if case.by_others:
        timer = threading.Timer(draw.uniform(0.3, 2.0), trial.place.act, [case.by_others])
        timer.daemon = True
        timer.start()
    after = draw.uniform(0.0, 3.0) if case.interrupted else None
    is_closed, stays = draw.random() < 0.5, draw.choice([0.0, draw.uniform(0.0, 1.0)])

    def ask() -> Any:
        if trial.way in (RUN, SUBMIT):
            return trial.drive(_at_once(trial))
        trial.drive(_leave(trial, is_closed=is_closed, stays=stays))
        return trial.drive(_attached(trial))

    return ask() if after is None else interrupted(ask, after=after)


@dataclass
class _Trial:
    """A run in progress."""

    case: Case
    kind: str
    way: str
    proxy: Proxy
    flow: Any
    place: Place
    taken: list[Submission] = field(default_factory=list)
    """What `submit` returned."""
    end: float = 0.0

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.case.timeout

    @property
    def left(self) -> float:
        """Seconds left for the next call."""
        return max(self.end - time.monotonic(), 0.0)

    def connect(self) -> Any:
        """A client of this kind."""
        policy = _PATIENT if self.case.by_others == "kill" else _PATIENCE
        return (Client if self.kind == BLOCKING else AsyncClient)(self.proxy.url, policy=policy)

    def drive(self, steps: Coroutine[Any, Any, Any]) -> Any:
        """Run steps that were written for both kinds, and return their result; a blocking client never pauses."""
        if self.kind == AWAITED:
            return asyncio.run(steps)
        try:
            steps.send(None)
        except StopIteration as stop:
            return stop.value
        raise AssertionError("a blocking client has nothing to await")


async def _value(called: Any) -> Any:
    """The result of a call of a client of either kind."""
    return await called if inspect.isawaitable(called) else called


@contextlib.asynccontextmanager
async def _open(trial: _Trial) -> AsyncIterator[Any]:
    client = trial.connect()
    try:
        yield client
    finally:
        await _close(client)


async def _close(client: Any) -> None:
    await _value(client.aclose() if isinstance(client, AsyncClient) else client.close())


async def _at_once(trial: _Trial) -> Any:
    """Submit and wait with one client."""
    async with _open(trial) as client:
        if trial.way == RUN:
            result = await _value(client.run(trial.flow, timeout=trial.case.timeout))
        else:
            result = await _value((await _submitted(trial, client)).result(timeout=trial.left))
        return await _downloaded(client, result)


async def _leave(trial: _Trial, *, is_closed: bool, stays: float) -> None:
    """Submit, and leave after waiting for `stays` seconds."""
    client = trial.connect()
    job = await _submitted(trial, client)
    with contextlib.suppress(RunTimeout):
        await _value(job.wait(timeout=stays))
    if is_closed:
        await _close(client)


async def _attached(trial: _Trial) -> Any:
    """The result, from another client that attaches."""
    (stored,) = trial.taken
    async with _open(trial) as client:
        known = Submission.from_json(stored.to_json()) if trial.way == ATTACH else stored.batch_id
        job = client.attach(type(trial.flow), known)
        return await _downloaded(client, await _value(job.result(timeout=trial.left)))


async def _submitted(trial: _Trial, client: Any) -> Any:
    job = await _value(client.submit(trial.flow, timeout=trial.left))
    trial.taken.append(job.submission)
    return job


async def _downloaded(client: Any, result: Any) -> Any:
    for card in result.card:
        assert Image.open(BytesIO(await _value(client.download(card)))).width == card.width
    return result


def _wrong_result(trial: _Trial, result: Any) -> str:
    widths = [card.width for card in result.card]
    if widths != (expected := _widths(trial.flow)):
        return f"the result has {widths} for {expected}"
    return _twice(trial.place, result.batch_id)


def _twice(place: Place, batch_id: str) -> str:
    for _ in range(100):  # an item that is still to run may be a copy
        rows = place.rows(batch_id)
        if all(row["status"] in ("completed", "failed", "canceled") for row in rows):
            break
        time.sleep(0.2)
    ran = Counter(row["field_values"][0]["value"] for row in rows if row["status"] == "completed")
    return f"run twice: {ran}" if any(times > 1 for times in ran.values()) else ""


def _wrong_report(trial: _Trial, error: BaseException) -> str:
    name = type(error).__name__
    if trial.case.interrupted:
        return _wrong_when_attached(trial, trial.taken[0]) if trial.taken else _still_open(error, trial.place)
    if trial.case.by_others and isinstance(error, EnqueueUncertain) and trial.taken:
        return "" if not trial.place.rows(error.batch_id) else f"{name}: {error}"
    if not isinstance(error, InvokableError) or name not in trial.case.reports:
        return f"{name} after {trial.proxy.lines[-1:]}: {error}"
    if error.submission is None:
        return "the error has no submission" if any("enqueue_batch" in line for line in trial.proxy.lines) else ""
    if isinstance(error, RunTimeout | EnqueueUncertain) and (trial.taken or error.submission.item_ids):
        return _wrong_when_attached(trial, error.submission)
    if isinstance(error, RunTimeout | EnqueueUncertain):
        return _twice(trial.place, error.batch_id)
    return _untrue(error, trial.flow) or _twice(trial.place, error.batch_id)


def _wrong_when_attached(trial: _Trial, submission: Submission) -> str:
    try:
        with Client(trial.place.url) as client:
            result = client.attach(type(trial.flow), submission).result(timeout=60)
    except InvokableError as error:
        rows = {row["item_id"]: (row["status"], row.get("started_at")) for row in trial.place.rows(submission.batch_id)}
        return (
            f"attaching failed: {type(error).__name__}: {error}; "
            f"{trial.place.open()} items are open; the batch has {rows}"
        )
    return _wrong_result(trial, result)


def _untrue(error: Any, flow: Any) -> str:
    """Whether a run that others ended early reports every item."""
    there = len(error.partial.card) if error.partial else 0
    missing = len(error.item_ids) + error.submission.requested - len(error.submission.item_ids)
    if not missing or there + missing != len(_widths(flow)):
        return f"{there} cards and {missing} missing items of {len(_widths(flow))}"
    return ""


def _still_open(error: BaseException, place: Place) -> str:
    # Under `asyncio.run`, the note is on the CancelledError before the interrupt.
    if may_still_run(error) or may_still_run(error.__context__):
        return ""
    for _ in range(20):
        if not place.open():
            return ""
        time.sleep(0.1)
    return f"{place.open()} items are still pending or running"
