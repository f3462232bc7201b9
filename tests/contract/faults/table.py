"""Table: what came of all runs, as docs/faults.md has it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.contract.faults.runs import AWAITED, BLOCKING, RUN, WAYS, Outcome
from tests.examples import ROOT

PAGE: Final = ROOT / "docs" / "faults.md"
_BEGIN: Final = "<!-- the table: python -m tests.contract.faults -->"
_END: Final = "<!-- end of the table -->"


def rows_of(outcomes: Sequence[Outcome]) -> list[str]:
    """A row for each fault."""
    grouped: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        grouped[outcome.case.group, outcome.case.name].append(outcome)
    return [_row(group, name, found) for (group, name), found in grouped.items()]


def _row(group: str, name: str, found: list[Outcome]) -> str:
    slowest = max(outcome.seconds for outcome in found)
    return f"| {group} | {name} | {_runs(found)} | {_ends(found)} | {_wrong(found)} | {slowest:.1f} |"


def _runs(found: Sequence[Outcome]) -> str:
    kinds = Counter(outcome.kind for outcome in found)
    return f"{kinds[BLOCKING]} + {kinds[AWAITED]}"


def _ends(found: Sequence[Outcome]) -> str:
    ended = Counter(outcome.ended for outcome in found)
    return ", ".join(
        f"{count} {name}" if name == "result" else f"{count} `{name}`" for name, count in ended.most_common()
    )


def _wrong(found: Sequence[Outcome]) -> int:
    return sum(bool(outcome.problem) for outcome in found)


def table(outcomes: Sequence[Outcome]) -> str:
    """All rows, with their head."""
    if any(outcome.way != RUN for outcome in outcomes):
        return by_way(outcomes)
    head = [
        "| what meets it | fault | runs, blocking + asynchronous | ended with | wrong | slowest, s |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows_of(outcomes)])


def by_way(outcomes: Sequence[Outcome]) -> str:
    """A row for each way and what meets the faults."""
    lines = [
        "| what is called | what meets it | faults | runs, blocking + asynchronous | ended with | wrong |",
        "|---|---|---|---|---|---|",
    ]
    grouped: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in sorted(outcomes, key=lambda outcome: list(WAYS).index(outcome.way)):
        grouped[outcome.way, outcome.case.group].append(outcome)
    for (way, group), found in grouped.items():
        faults = len({outcome.case.name for outcome in found})
        lines.append(f"| {WAYS[way]} | {group} | {faults} | {_runs(found)} | {_ends(found)} | {_wrong(found)} |")
    return "\n".join(lines)


def write(title: str, outcomes: Sequence[Outcome], page: Path = PAGE) -> None:
    """Put a table under its title into the page, in place of the one that is there."""
    text = page.read_text(encoding="utf-8")
    begin = f"{_BEGIN[:-4]} {title} -->"
    start = text.index(begin) + len(begin)
    end = text.index(_END, start)
    page.write_text(f"{text[:start]}\n{table(outcomes)}\n{text[end:]}", encoding="utf-8")
