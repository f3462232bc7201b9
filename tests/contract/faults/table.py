"""Table: the outcomes of all runs, as in docs/faults.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.contract.faults.cases import CASES
from tests.contract.faults.runs import AWAITED, BLOCKING, RUN, WAYS, Outcome
from tests.examples import ROOT

PAGE: Final = ROOT / "docs" / "faults.md"
_BEGIN: Final = "<!-- the table: python -m tests.contract.faults -->"
_END: Final = "<!-- end of the table -->"
_HEAD: Final = """\
| what it affects | fault | runs, blocking + asynchronous | ended with | wrong | slowest, s |
|---|---|---|---|---|---|"""
_HEAD_BY_WAY: Final = """\
| what is called | what it affects | faults | runs, blocking + asynchronous | ended with | wrong |
|---|---|---|---|---|---|"""

Key = tuple[str, str]
"""The first two cells of a row."""


def table(outcomes: Sequence[Outcome], before: Iterable[str] = ()) -> str:
    """All rows with their header: one for each fault of `run`, or one for each other way and what the faults affect.

    Rows from `before` are kept if they have no outcome.
    """
    if any(outcome.way != RUN for outcome in outcomes):
        head, order = _HEAD_BY_WAY, [(words, case.group) for words in WAYS.values() for case in CASES]
        rows = {key: _row_by_way(key, found) for key, found in _grouped(outcomes, by_way=True).items()}
    else:
        head, order = _HEAD, [(case.group, case.name) for case in CASES]
        rows = {key: _row(key, found) for key, found in _grouped(outcomes, by_way=False).items()}
    rows = {(cells[1].strip(), cells[2].strip()): row for row in before if (cells := row.split("|"))[2:]} | rows
    return "\n".join([head, *(rows[key] for key in dict.fromkeys(order) if key in rows)])


def _grouped(outcomes: Sequence[Outcome], *, by_way: bool) -> dict[Key, list[Outcome]]:
    grouped: defaultdict[Key, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        case = outcome.case
        grouped[(WAYS[outcome.way], case.group) if by_way else (case.group, case.name)].append(outcome)
    return grouped


def _row(key: Key, found: list[Outcome]) -> str:
    slowest = max(outcome.seconds for outcome in found)
    return f"| {key[0]} | {key[1]} | {_runs(found)} | {_ends(found)} | {_wrong(found)} | {slowest:.1f} |"


def _row_by_way(key: Key, found: list[Outcome]) -> str:
    faults = len({outcome.case.name for outcome in found})
    return f"| {key[0]} | {key[1]} | {faults} | {_runs(found)} | {_ends(found)} | {_wrong(found)} |"


def _runs(found: Sequence[Outcome]) -> str:
    kinds = Counter(outcome.kind for outcome in found)
    struck = sum(bool(outcome.met) or not outcome.case.strikes for outcome in found)
    missed = "" if struck == len(found) else f", {struck} met it"
    return f"{kinds[BLOCKING]} + {kinds[AWAITED]}{missed}"


def _ends(found: Sequence[Outcome]) -> str:
    ended = Counter(outcome.ended for outcome in found)
    return ", ".join(
        f"{count} {name}" if name == "result" else f"{count} `{name}`" for name, count in ended.most_common()
    )


def _wrong(found: Sequence[Outcome]) -> int:
    return sum(bool(outcome.problem) for outcome in found)


def write(title: str, outcomes: Sequence[Outcome], page: Path = PAGE) -> None:
    """Put rows into the table under its title, replacing existing ones for the same cases."""
    text = page.read_text(encoding="utf-8")
    begin = f"{_BEGIN[:-4]} {title} -->"
    start = text.index(begin) + len(begin)
    end = text.index(_END, start)
    rows = table(outcomes, text[start:end].splitlines())
    page.write_text(f"{text[:start]}\n{rows}\n{text[end:]}", encoding="utf-8")
