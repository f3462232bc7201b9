"""Runs: one run that meets a fault, and what is true of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from io import BytesIO
from random import Random
from typing import Any, Final

from PIL import Image

from invokable import AsyncClient, Client, EnqueueUncertain, InvokableError, Policy, RunTimeout
from tests.contract.faults.cases import CASES, Case
from tests.contract.faults.servers import Place
from tests.contract.interrupts import interrupted
from tests.contract.proxy import Proxy
from tests.examples import imported, with_generator, workflow_class

BLOCKING: Final = "blocking"
AWAITED: Final = "asynchronous"

_PATIENCE: Final = Policy(total_timeout=2.0, read_timeout=2.0, transfer_timeout=3.0, first_pause=0.1)
_PATIENT: Final = Policy(total_timeout=5.0, first_pause=0.5, retries=12)
"""For a server that is started again, which takes up to a minute."""


@dataclass
class Outcome:
    """How a run ended, and what was wrong about that, if anything."""

    case: Case
    seed: int
    kind: str
    ended: str = ""
    """`result`, or the name of the error."""
    seconds: float = 0.0
    met: int = 0
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The outcome, with the case by its number."""
        return {**asdict(self), "case": CASES.index(self.case)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        """What `to_json` gave."""
        return cls(**{**value, "case": CASES[value["case"]]})


@functools.cache
def counted() -> Any:
    """Colour Card for each of some widths."""
    return workflow_class(imported(with_generator()))


@functools.cache
def stamp() -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), (250, 200, 10)).save(file, "PNG")
    return file.getvalue()


def run(case: Case, seed: int, kind: str, place: Place) -> Outcome:
    """Run once. Never raises."""
    draw = Random(f"{case.group} {case.name} {seed} {kind}")
    outcome = Outcome(case, seed, kind)
    proxy = Proxy(place.url)
    proxy.fates = case.fates(draw)
    flow = _flow(case, draw)
    start = time.monotonic()
    problem: BaseException | None = None
    try:
        result = _go(case, draw, kind, proxy.url, flow, place)
        outcome.ended = "result"
        outcome.seconds = time.monotonic() - start
        proxy.settle()
        outcome.problem = _wrong_result(result, flow, place)
    except KeyboardInterrupt as error:
        outcome.ended, problem = "KeyboardInterrupt", error
    except InvokableError as error:
        outcome.ended, problem = type(error).__name__, error
    except BaseException as error:
        outcome.ended = f"{type(error).__module__}.{type(error).__name__}"
        outcome.problem = f"an exception of somebody else: {error}"
    outcome.seconds = outcome.seconds or time.monotonic() - start
    outcome.met = len(proxy.met)
    with contextlib.suppress(Exception):
        proxy.close()
    if problem is not None:
        proxy.settle()
        outcome.problem = _wrong_report(case, problem, flow, place, proxy)
    if case.within and outcome.seconds > case.within:
        outcome.problem = outcome.problem or f"took {outcome.seconds:.1f} s"
    return outcome


def _flow(case: Case, draw: Random) -> Any:
    count = 12 if case.by_others else draw.choice([1, 1, 2, 3])
    start = 64 + 8 * draw.randrange(60)
    widths = {"type": "integer_generator_arithmetic_sequence", "start": start, "step": 8, "count": count}
    height = (1024 if case.by_others or case.slow else 32) + 8 * draw.randrange(16)
    return counted()(stamp=stamp(), height=height, widths=widths)


def _widths(flow: Any) -> list[int]:
    settings = flow.widths
    return [settings["start"] + settings["step"] * number for number in range(settings["count"])]


def _go(case: Case, draw: Random, kind: str, url: str, flow: Any, place: Place) -> Any:
    if case.by_others:
        timer = threading.Timer(draw.uniform(0.3, 2.0), place.act, [case.by_others])
        timer.daemon = True
        timer.start()
    policy = _PATIENT if case.by_others == "kill" else _PATIENCE
    ask = functools.partial(_blocking if kind == BLOCKING else _awaited, url, policy, flow, case.timeout)
    return interrupted(ask, after=draw.uniform(0.0, 3.0)) if case.interrupted else ask()


def _blocking(url: str, policy: Policy, flow: Any, timeout: float) -> Any:
    with Client(url, policy=policy) as client:
        result = client.run(flow, timeout=timeout)
        for card in result.card:
            assert Image.open(BytesIO(client.download(card))).width == card.width
        return result


def _awaited(url: str, policy: Policy, flow: Any, timeout: float) -> Any:
    async def main() -> Any:
        async with AsyncClient(url, policy=policy) as client:
            result = await client.run(flow, timeout=timeout)
            for card in result.card:
                assert Image.open(BytesIO(await client.download(card))).width == card.width
            return result

    return asyncio.run(main())


def _wrong_result(result: Any, flow: Any, place: Place) -> str:
    if [card.width for card in result.card] != _widths(flow):
        return f"the result has {[card.width for card in result.card]} for {_widths(flow)}"
    return _twice(place, result.batch_id)


def _twice(place: Place, batch_id: str) -> str:
    for _ in range(100):  # what is still to run may be a copy
        rows = place.rows(batch_id)
        if all(row["status"] in ("completed", "failed", "canceled") for row in rows):
            break
        time.sleep(0.2)
    ran = Counter(row["field_values"][0]["value"] for row in rows if row["status"] == "completed")
    return f"run twice: {ran}" if any(times > 1 for times in ran.values()) else ""


def _wrong_report(case: Case, error: BaseException, flow: Any, place: Place, proxy: Proxy) -> str:
    name = type(error).__name__
    if case.interrupted:
        return _still_open(error, place)
    if not isinstance(error, InvokableError) or name not in case.reports:
        return f"{name}: {error}"
    if error.submission is None:
        return "the error has no submission" if any("enqueue_batch" in line for line in proxy.lines) else ""
    if isinstance(error, RunTimeout | EnqueueUncertain) and error.submission.item_ids:
        return _not_taken_up(error, flow, place)
    if isinstance(error, RunTimeout | EnqueueUncertain):
        return _twice(place, error.batch_id)
    return _untrue(error, flow) or _twice(place, error.batch_id)


def _not_taken_up(error: InvokableError, flow: Any, place: Place) -> str:
    assert error.submission
    with Client(place.url) as client:
        result = client.attach(type(flow), error.submission).result(timeout=60)
    return _wrong_result(result, flow, place)


def _untrue(error: Any, flow: Any) -> str:
    """Whether a run that somebody cut short tells of every item."""
    there = len(error.partial.card) if error.partial else 0
    if not error.item_ids or there + len(error.item_ids) != len(_widths(flow)):
        return f"{there} cards and {len(error.item_ids)} missing items of {len(_widths(flow))}"
    return ""


def _still_open(error: BaseException, place: Place) -> str:
    if getattr(error, "__notes__", None):
        return ""  # it says that something may still run
    for _ in range(20):
        if not place.open():
            return ""
        time.sleep(0.1)
    return f"{place.open()} items still wait or run"
