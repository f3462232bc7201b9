"""Policy: timeouts and retries of a client, how it finds models, and how it converts outputs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from numbers import Integral, Real
from typing import Final, TypeAlias

from invokable.contract.models import IDENTIFYING, ModelKey
from invokable.runtime.values.inputs import Model
from invokable.runtime.values.node_output import OutputMaker
from invokable.runtime.values.public import public
from invokable.runtime.values.records import ModelRecord
from invokable.runtime.values.reprs import short

ModelFinder: TypeAlias = Callable[[Model, Sequence[ModelRecord]], Sequence[ModelRecord]]
"""Chooses the models that a reference points to, among those on the server that suit the field."""

_AT_LEAST_ONE: Final = frozenset({"connections"})
_MAY_BE_ZERO: Final = frozenset({"retries", "jitter", "idle_connections", "first_pause"})
_BUSY: Final = frozenset({408, 425, 429})
FOREVER: Final = 1e9
"""The limit for all numbers. Systems refuse to wait for longer, in seconds about thirty years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Timeouts and retries of a client, how it finds models, and how it converts outputs.

    All times are in seconds. To limit a run, pass `timeout` to `run`.

    Example:

        client = Client("http://127.0.0.1:9090", policy=Policy(retries=8, total_timeout=120))

    Raises ValueError for invalid values, and TypeError for anything else than a number where one is expected.
    """

    retries: int = 4
    """How often a request that is safe to repeat is retried while the server is unreachable or busy."""
    first_pause: float = 0.2
    """The pause before the first retry. Each further pause is twice as long."""
    longest_pause: float = 10.0
    """The longest pause between two attempts."""
    longest_retry_after: float = 30.0
    """The longest pause that a server's `Retry-After` can cause."""
    jitter: float = 0.25
    """The random part of a pause, so that many clients do not retry at the same moment."""
    connect_timeout: float = 10.0
    """Timeout for connecting: name lookup, TCP and TLS."""
    read_timeout: float = 30.0
    """The longest time without receiving or sending any data."""
    total_timeout: float = 30.0
    """Timeout for a whole exchange, from the request to the last byte of the answer."""
    transfer_timeout: float = 600.0
    """The same for an exchange that uploads or downloads a file."""
    pool_timeout: float = 30.0
    """Timeout for getting a connection while all are in use."""
    connections: int = 100
    """The maximum number of connections."""
    idle_connections: int = 20
    """The maximum number of idle connections."""
    first_poll: float = 0.1
    """The pause between the first two polls of a run. Each further pause is a little longer."""
    poll: float = 2.0
    """The longest pause between two polls of a run."""
    models: tuple[ModelKey | ModelFinder, ...] = IDENTIFYING
    """The ways to find a model on the server, in order; by default by key, else by hash, else by name. A name is
    combined with base and type, if given. `("key",)` accepts only the very same model. A function of your own receives
    the reference and the suitable models, and returns those that match: if it returns none, the next way is tried;
    several are an error."""

    outputs: Mapping[str, OutputMaker] = field(default_factory=dict, hash=False)
    """Functions or classes that convert the outputs of a node pack, by the server's name of the output type, such as
    `palette_output`. Each receives the NodeOutput. What it returns becomes the attribute of the result, where that
    would otherwise be JSON, and the `value` of the NodeOutput."""

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name == "models":
                _check_models(value)
            elif part.name == "outputs":
                _check_outputs(value)
            else:
                object.__setattr__(self, part.name, checked_number(part.name, value, whole=part.type == "int"))

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after an attempt (the first is 0): what the server asked for, within limits, or our own."""
        own = min(self.first_pause * 2.0 ** min(attempt, 60), self.longest_pause)
        least = own if asked is None else min(max(asked, own), max(self.longest_retry_after, own))
        return least * (1 + random.random() * self.jitter)


def checked_number(name: str, value: object, *, whole: bool = False) -> float:
    """A number for the member of a policy, or a timeout like it, also one of NumPy. Raises TypeError and ValueError."""
    wanted = "a whole number" if whole else "a number" if name == "jitter" else "a number of seconds"
    problem = f"{name} is {short(value)}; expected {wanted}, not negative"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(problem)
    number = int(value) if isinstance(value, Integral) else float(value)
    if not 0 <= number < FOREVER or (whole and not isinstance(value, Integral)):
        raise ValueError(problem)
    if number == 0 and name not in _MAY_BE_ZERO:
        raise ValueError(f"{name} is 0; expected {'at least 1' if name in _AT_LEAST_ONE else 'more than 0'}")
    return number


def _check_models(value: object) -> None:
    if not isinstance(value, tuple) or not value or any(way not in IDENTIFYING and not callable(way) for way in value):
        raise ValueError(f"models is {value!r}; expected a tuple of {', '.join(map(repr, IDENTIFYING))}, and functions")


def _check_outputs(value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(kind, str) and callable(to) for kind, to in value.items()):
        raise ValueError(f"outputs is {value!r}; expected a dict of functions or classes by output type")


def retry_after_seconds(retry_after: str, date: str, now: float) -> float | None:
    """The seconds that a `Retry-After` header asks for, as a number or a date; None for anything else.

    `date` is the answer's Date header, since the server's clock may differ from ours; `now` is our time.
    """
    if not retry_after:
        return None
    retry_after = retry_after.strip()
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    until = _timestamp(retry_after)
    if until is None:
        return None
    server_time = _timestamp(date)
    return max(until - (now if server_time is None else server_time), 0.0)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_refusal(status: int) -> bool:
    """Whether an answer means that the server did not do what was asked, and would not do it later."""
    return 300 <= status < 500 and status not in _BUSY


def is_busy(status: int, *, method: str, from_invokeai: bool) -> bool:
    """Whether an answer means that the same request may succeed later.

    A 500 with `from_invokeai` is InvokeAI's way of refusing what was sent; for a GET it may also be temporary.
    """
    if status == 500:
        return method == "GET" or not from_invokeai
    return status in _BUSY or (status in range(502, 600) and status != 505)


public(Policy)
