"""Cases: the faults, drawn with a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

Fates = list[tuple[str, str]]

POST: Final = "POST .*enqueue_batch"
UPLOAD: Final = "POST .*/upload"
WAIT: Final = r"/b/[^/]*/status|items_by_ids|item_summaries|item_ids|list_all|GET .*/queue/default/i/"
DOWNLOAD: Final = "GET .*/full"
SOCKET: Final = "GET /ws"
ALWAYS: Final = 500


@dataclass(frozen=True)
class Case:
    """A fault. `fates` draws the fates of requests."""

    group: str
    name: str
    fates: Callable[[Random], Fates] = lambda draw: []
    reports: frozenset[str] = frozenset()
    """The errors that report it correctly. Without any, there has to be a result."""
    timeout: float = 150.0
    within: float = 0.0
    """Seconds after which the run must have ended, if that is tested."""
    by_others: str = ""
    """What others do meanwhile: `clear`, `prune`, `cancel` or `kill`."""
    interrupted: bool = False
    slow: bool = False
    """Whether it only has an effect while items take some time."""

    @property
    def strikes(self) -> bool:
        """Whether it affects requests."""
        return bool(self.fates(Random(0)))


def once(place: str, fate: str) -> Callable[[Random], Fates]:
    """A fate that occurs once or twice."""
    return lambda draw: [(place, fate)] * draw.choice([1, 1, 2])


def _timed(place: str, kind: str, low: float, high: float) -> Callable[[Random], Fates]:
    return lambda draw: [(place, f"{kind} {draw.uniform(low, high):.2f}")]


def _post(name: str, fates: Callable[[Random], Fates]) -> Case:
    return Case("the POST of a batch", name, fates)


def _without_events(fates: Callable[[Random], Fates]) -> Callable[[Random], Fates]:
    return lambda draw: [(SOCKET, "refuse")] * ALWAYS + fates(draw)


def _without_many_events(fates: Callable[[Random], Fates]) -> Callable[[Random], Fates]:
    # While events arrive, there are no requests, so the events break off about when the batch is sent.
    def drawn(draw: Random) -> Fates:
        latest = draw.choice([0.05, 0.3, 1.0])
        drops = [(SOCKET, f"drop {draw.uniform(0, latest):.2f}") for _ in range(draw.randint(1, 3))]
        return drops + fates(draw)

    return drawn


_BROKEN: Final = {
    "html": "a page of HTML instead of the answer",
    "garbage": "an answer that is not JSON",
    "truncated": "an answer that ends too early",
    "shape": "JSON of another shape",
    "gzip": "an answer that is not the gzip it claims to be",
}
_CUTS: Final = {
    "cut before": "cut before the request",
    "cut request": "cut during the request",
    "cut after": "cut before the answer",
    "cut amid": "cut during the answer",
}
_STATUSES: Final = ("429", "500", "502", "503", "504", "524")
_HANGS: Final = {
    "dead": "the request swallowed, the connection half open",
    "silence": "handled, and never answered",
    "trickle": "the body of the answer trickles",
    "trickle head": "the headers of the answer trickle",
}
_OUT_OF_TIME: Final = frozenset({"RunTimeout", "EnqueueUncertain"})
_TAKEN_AWAY: Final = frozenset({"RunCanceled", "RunInterrupted"})


def _posts() -> list[Case]:
    found = [_post(words, once(POST, fate)) for fate, words in {**_CUTS, **_BROKEN, **_HANGS}.items()]
    found += [_post(f"not taken, answered {status}", once(POST, f"!{status}")) for status in _STATUSES]
    found += [_post(f"taken, answered {status}", once(POST, status)) for status in _STATUSES]
    return [
        *found,
        _post("arrives 0.5 to 14 s late", _timed(POST, "late", 0.5, 14.0)),
        _post("answered 1 to 8 s late", _timed(POST, "stall", 1.0, 8.0)),
        replace(_post("arrives twice", lambda draw: [(POST, "double")]), slow=True),
        replace(_post("arrives twice, and the answers are lost", lambda draw: [(POST, "double lost")]), slow=True),
    ]


def _others() -> list[Case]:
    found = []
    kinds = {**_CUTS, **_BROKEN, **_HANGS, **{f"!{s}": f"answered {s}" for s in _STATUSES}}
    for fate, words in kinds.items():
        found.append(Case("waiting, without events", words, _without_events(once(WAIT, fate))))
        found.append(Case("waiting, when events break off", words, _without_many_events(once(WAIT, fate))))
        found.append(Case("an upload", words, once(UPLOAD, fate)))
        found.append(Case("a download", words, once(DOWNLOAD, fate)))
    return found


def _sockets() -> list[Case]:
    def case(name: str, fates: Callable[[Random], Fates]) -> Case:
        return Case("the socket", name, fates)

    return [
        case("refused for the whole run", lambda draw: [(SOCKET, "refuse")] * ALWAYS),
        case("drops", lambda draw: [(SOCKET, f"drop {draw.uniform(0, 3):.2f}") for _ in range(draw.choice([1, 2, 5]))]),
        case("half open", _timed(SOCKET, "freeze", 0.0, 2.0)),
    ]


def _always(place: str, fate: str) -> Callable[[Random], Fates]:
    # With events there would be hardly any requests.
    return lambda draw: [(SOCKET, "refuse")] * ALWAYS + [(place, fate)] * ALWAYS


def _several(draw: Random) -> Fates:
    """Three to six faults in one run, at any request."""
    places = (POST, UPLOAD, WAIT, DOWNLOAD)
    kinds = (*_CUTS, *_BROKEN, *_HANGS, *(f"!{status}" for status in _STATUSES), "late 3", "late 9", "double lost")
    found = [(draw.choice(places), draw.choice(kinds)) for _ in range(draw.randint(3, 6))]
    found += [(SOCKET, draw.choice(["refuse", f"drop {draw.uniform(0, 2):.2f}", f"freeze {draw.uniform(0, 2):.2f}"]))]
    # A third POST is the last one: more than two unclear ones are reported as such.
    posts = [entry for entry in found if entry[0] == POST]
    return [entry for entry in found if entry not in posts[2:]]


CASES: Final = [
    *_posts(),
    *_others(),
    *_sockets(),
    Case("all of them", "three to six at once", _several, slow=True, timeout=300.0),
    *(
        Case(
            "a run with timeout=3",
            f"every {place}: {words}",
            _always(pattern, fate),
            _OUT_OF_TIME,
            timeout=3.0,
            within=4.5,
        )
        for place, pattern in {"upload": UPLOAD, "POST": POST, "look": WAIT}.items()
        for fate, words in _HANGS.items()
    ),
    Case("by others", "the queue is cleared", reports=_TAKEN_AWAY, by_others="clear"),
    Case("by others", "the queue is pruned", reports=_TAKEN_AWAY, by_others="prune"),
    Case("by others", "everything is canceled", reports=_TAKEN_AWAY, by_others="cancel"),
    Case("by others", "the server is killed and started again", reports=_TAKEN_AWAY, by_others="kill", timeout=400.0),
    Case("Ctrl-C", "0 to 3 s after the start", interrupted=True),
    Case("Ctrl-C", "while the POST is answered late", _timed(POST, "stall", 0.5, 2.0), interrupted=True),
    Case("Ctrl-C", "while the answer to the POST is lost", once(POST, "cut after"), interrupted=True),
    Case(
        "by others",
        "the queue is pruned while the POST is answered late",
        _timed(POST, "stall", 3.0, 5.0),
        _TAKEN_AWAY,
        by_others="prune",
    ),
]
