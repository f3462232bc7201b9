"""Policy: how long a client waits and how often it tries again, how it finds models and what it makes of outputs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from invokable.runtime.values.inputs import Model
    from invokable.runtime.values.node_output import OutputMaker
    from invokable.runtime.values.records import ModelRecord

ModelKey: TypeAlias = Literal["key", "hash", "name"]
ModelFinder: TypeAlias = "Callable[[Model, Sequence[ModelRecord]], Sequence[ModelRecord]]"
"""Finds the models that a reference means among those of the server that fit the field."""

_AT_LEAST_ONE: Final = frozenset({"connections"})
_MAY_BE_ZERO: Final = frozenset({"retries", "jitter", "idle_connections", "first_pause"})
_BUSY: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient a client is, how it finds models, and what it makes of outputs.

    All times are in seconds. How long a run may take is an argument of `run`.

    Example:

        client = Client("http://127.0.0.1:9090", policy=Policy(retries=8, total_timeout=120))

    Raises ValueError for a number that makes no sense.
    """

    retries: int = 4
    """How often a request that is safe to repeat is sent again while the server is away or busy."""
    first_pause: float = 0.2
    """The pause before the first repetition. Each further one is twice as long."""
    longest_pause: float = 10.0
    """The longest pause between two attempts."""
    longest_retry_after: float = 30.0
    """The longest pause that a server may ask for with `Retry-After`."""
    jitter: float = 0.25
    """The part of a pause that chance adds to it, so that many clients do not come back at the same moment."""
    connect_timeout: float = 10.0
    """For a connection: the look-up of the name, TCP and TLS."""
    read_timeout: float = 30.0
    """The longest silence of the server, and the longest time in which it takes nothing of a request."""
    total_timeout: float = 30.0
    """For a whole exchange, from the request to the last byte of the answer."""
    transfer_timeout: float = 600.0
    """The same for an exchange that sends or fetches a file."""
    pool_timeout: float = 30.0
    """For a free connection, while all are in use."""
    connections: int = 100
    """How many connections there may be at once."""
    idle_connections: int = 20
    """How many of them are kept open while they are not used."""
    first_poll: float = 0.1
    """The pause before the second look at a run. Each further one is a little longer."""
    poll: float = 2.0
    """The longest pause between two looks at a run."""
    models: tuple[ModelKey | ModelFinder, ...] = ("key", "hash", "name")
    """By what a model is found on the server, in this order. A name counts together with base and type, where given.
    `("key",)` takes no other model than the very one. A function of your own gets the reference and the models that
    fit, and returns those that are meant: none has the next way tried, several are refused."""

    outputs: Mapping[str, OutputMaker] = field(default_factory=dict, hash=False)
    """Functions, or classes, for the kinds of output that a node pack adds, by the server's name of the kind, such as
    `palette_output`. One gets the NodeOutput; what it makes of it is the attribute of the result, where that would be
    JSON, and the `value` of the NodeOutput."""

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name == "models":
                _check_models(value)
            elif part.name == "outputs":
                _check_outputs(value)
            else:
                _check_number(part.name, value, whole=part.type == "int")

    def pause(self, attempt: int, asked: float | None = None) -> float:
        """Seconds to wait after an attempt (the first is 0): what the server asked for within reason, or else ours."""
        own = min(self.first_pause * 2.0 ** min(attempt, 60), self.longest_pause)
        least = own if asked is None else min(max(asked, own), max(self.longest_retry_after, own))
        return least * (1 + random.random() * self.jitter)


def _check_number(name: str, value: object, *, whole: bool) -> None:
    kinds = (int,) if whole else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise ValueError(f"{name} is {value!r}; expected {'a whole number' if whole else 'a number of seconds'}")
    if value == 0 and name not in _MAY_BE_ZERO:
        raise ValueError(f"{name} is 0; expected {'at least 1' if name in _AT_LEAST_ONE else 'more than 0'}")


def _check_models(value: object) -> None:
    known = ("key", "hash", "name")
    if not isinstance(value, tuple) or not value or any(way not in known and not callable(way) for way in value):
        raise ValueError(f"models is {value!r}; expected a tuple of {', '.join(map(repr, known))}, and functions")


def _check_outputs(value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(kind, str) and callable(to) for kind, to in value.items()):
        raise ValueError(f"outputs is {value!r}; expected a function or a class for each kind of output, by its name")


def seconds_asked(retry_after: str, date: str, now: float) -> float | None:
    """The seconds that a `Retry-After` header asks to wait, given as such or as a date; None for anything else.

    `date` is the answer's own Date header, since the server's clock may differ from ours; `now` is our time.
    """
    retry_after = retry_after.strip()
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    until = _timestamp(retry_after)
    if until is None:
        return None
    here = _timestamp(date)
    return max(until - (now if here is None else here), 0.0)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def is_busy(status: int, *, method: str, own_words: bool) -> bool:
    """Whether an answer means that the same request may succeed later.

    A 500 with `own_words` is InvokeAI's reason for refusing what was sent; to a GET it may also be a passing trouble.
    """
    if status == 500:
        return method == "GET" or not own_words
    return status in _BUSY or (status in range(502, 600) and status != 505)


Policy.__module__ = "invokable"  # as users import it
