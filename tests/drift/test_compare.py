"""Compare: each kind of change is found, and nothing else."""

from __future__ import annotations

import pytest

from invokable.contract.interface.rules import KINDS, RULES
from tests.drift.edits import CASES, NAMES, RUNS, sides


@pytest.mark.parametrize("position", range(len(RUNS)), ids=NAMES)
def test_an_edit_makes_the_changes_that_it_makes(position: int) -> None:
    case, reverse = RUNS[position]
    _, _, drift = sides(position)
    found = {change.kind for change in drift.changes if not (change.subject == "node" and "node" not in case.name)}
    wanted = {kind for kind in (case.back if reverse else case.there) if not kind.startswith("node")}
    wanted |= {kind for kind in (case.back if reverse else case.there) if "node" in case.name}
    assert found == wanted, str(drift)


def test_every_kind_of_change_has_an_edit_and_a_rule() -> None:
    assert set().union(*(case.there | case.back for case in CASES)) == set(KINDS) == set(RULES)
