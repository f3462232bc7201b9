"""Plan: which faults happen, and when.

a request    latency latency_after stall cut_before cut_after cut_within status status_after html
             garbled truncated broken_gzip trickle duplicate late
an event     lose_event double_event delay_event swap_events
a socket     refuse_socket drop_socket
the server   crash clear prune cancel
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from invokable.workflow.errors import nearest

REQUEST_KINDS: Final = (
    "latency",
    "latency_after",
    "stall",
    "cut_before",
    "cut_after",
    "cut_within",
    "status",
    "status_after",
    "html",
    "garbled",
    "truncated",
    "broken_gzip",
    "trickle",
    "duplicate",
    "late",
)
EVENT_KINDS: Final = ("lose_event", "double_event", "delay_event", "swap_events")
SOCKET_KINDS: Final = ("refuse_socket", "drop_socket")
SERVER_KINDS: Final = ("crash", "clear", "prune", "cancel")
KINDS: Final = (*REQUEST_KINDS, *EVENT_KINDS, *SOCKET_KINDS, *SERVER_KINDS)

_TIMED: Final = {"latency": 0.05, "latency_after": 0.05, "late": 0.3, "trickle": 0.02, "delay_event": 0.1, "crash": 0.2}
_STATUSES: Final = (429, 500, 502, 503, 504)
_DRAWN: Final = tuple(kind for kind in KINDS if kind not in ("stall", "clear", "prune", "cancel"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault, and when it happens.

    Request faults apply to requests whose method and path match, event faults to events by name. Server faults happen
    with a request (after it was handled, before the answer), with an event, or when the `item`th item has ended. Of the
    matches, it is the `nth`, or each one with `probability`, at most `times` times.

    Raises ValueError for an unknown kind, and for numbers out of range.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    """With `*` for any characters: `*/enqueue_batch`."""
    event: str = "*"
    nth: int | None = None
    """Counted from 1."""
    probability: float = 1.0
    times: int | None = None
    seconds: float = 0.0
    """The duration: of a latency or delay, between the parts of a trickle, or until the restart after a crash."""
    status: int = 503
    item: int | None = None
    """Counted from 1, in the order in which items end."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            hint = nearest(self.kind, KINDS) or f"expected one of {', '.join(KINDS)}"
            raise ValueError(f"{self.kind!r} is not a kind of fault; {hint}")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"a probability must be between 0 and 1, not {self.probability}")
        for name in ("nth", "times", "item"):
            if (value := getattr(self, name)) is not None and (type(value) is not int or value < 1):
                raise ValueError(f"{name} is a number counted from 1, not {value}")
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"seconds must be a number, 0 or more, not {self.seconds}")
        if not 200 <= self.status <= 599:
            raise ValueError(f"a status is a number from 200 to 599, not {self.status}")

    def to_json(self) -> dict[str, Any]:
        """The fault as JSON, without default values."""
        values = dataclasses.asdict(self)
        defaults = {member.name: member.default for member in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value != defaults[name]}


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults, and the seed for their random choices."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for fault in self.faults:
            if not isinstance(fault, Fault):
                raise TypeError(f"{fault!r} is not a Fault; pass faults, as in [Fault('crash')]")

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON."""
        return {"seed": self.seed, "faults": [fault.to_json() for fault in self.faults]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FaultPlan:
        """The plan in a JSON document. Raises ValueError if it is not a plan."""
        try:
            faults = tuple(Fault(**fault) for fault in document["faults"])
            return cls(faults, int(document["seed"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a fault plan: {error}") from None

    @classmethod
    def random(
        cls,
        seed: int,
        *,
        count: int = 4,
        kinds: Iterable[str] = _DRAWN,
        path: str = "*/queue/*",
        within: int = 12,
    ) -> FaultPlan:
        """A random plan: the same seed and options give the same plan.

        It has `count` faults of the given kinds, each at one of the first `within` matching requests, events or items.
        """
        draw = random.Random(seed)
        pool = tuple(kinds)
        return cls(tuple(_drawn(draw, draw.choice(pool), path, within) for _ in range(count)), seed)


def _drawn(draw: random.Random, kind: str, path: str, within: int) -> Fault:
    nth = draw.randint(1, within)
    seconds = round(draw.uniform(0.2, 1.0) * _TIMED.get(kind, 0.0), 3)
    if kind in SERVER_KINDS:
        return Fault(kind=kind, item=nth, seconds=seconds)
    if kind in EVENT_KINDS or kind in SOCKET_KINDS:
        return Fault(kind=kind, nth=nth, seconds=seconds)
    return Fault(kind=kind, path=path, nth=nth, seconds=seconds, status=draw.choice(_STATUSES))
