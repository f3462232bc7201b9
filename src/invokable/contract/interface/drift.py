"""Drift: the changes from one interface to another, and the verdict for callers."""

# Without `from __future__ import annotations`: `get_type_hints` would look for the names in the package `invokable`.
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from invokable.contract.interface.model import Input, Interface, Output
from invokable.contract.interface.rules import BREAKS, Breaks, Change, Subject, breaks_callers
from invokable.contract.interface.words import change_line
from invokable.contract.listing import counted

Verdict: TypeAlias = Literal["same", "compatible", "breaking"]


@dataclass(frozen=True, slots=True)
class Drift:
    """The changes from one interface to another. `str()` gives the verdict and a line for each change.

    Example:

        drift = index_map_drift(Portrait, "portrait.map.json")
        if drift.breaking:
            print(drift)
    """

    old: Interface
    new: Interface
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> Verdict:
        """`same` if callers could notice no change, otherwise `compatible` or `breaking`."""
        if self.breaking:
            return "breaking"
        return "compatible" if self.changes else "same"

    @property
    def breaking(self) -> bool:
        """Whether code that calls the old interface may fail on the new one, or set another field."""
        return any(change.breaks != "nobody" for change in self.changes)

    @property
    def breaks(self) -> Breaks:
        """Whom the changes break: nobody, only callers that use indices, or also callers that use names."""
        found = {change.breaks for change in self.changes}
        return "callers" if "callers" in found else "indices" if "indices" in found else "nobody"

    def breaks_callers(self, *, by_name: bool = False) -> bool:
        """Whether the changes break callers; with `by_name`, only considering callers that use no index."""
        return breaks_callers(self.breaks, by_name=by_name)

    @property
    def unchanged_inputs(self) -> tuple[str, ...]:
        """The attributes of unchanged inputs."""
        return self._unchanged("input", self.old.inputs)

    @property
    def unchanged_outputs(self) -> tuple[str, ...]:
        """The attributes of unchanged outputs."""
        return self._unchanged("output", self.old.outputs)

    def _unchanged(self, subject: Subject, pins: Iterable[Input | Output]) -> tuple[str, ...]:
        touched = {change.name for change in self.changes if change.subject == subject}
        return tuple(pin.attribute for pin in pins if pin.attribute not in touched)

    def __str__(self) -> str:
        return "\n".join((self.summary, *(f"  {line}" for line in self.lines)))

    @property
    def summary(self) -> str:
        """The verdict on one line."""
        count = len([change for change in self.changes if change.breaks != "nobody"])
        match self.verdict, self.breaks:
            case "same", _:
                return "no changes"
            case "compatible", _:
                return f"compatible: {counted(len(self.changes), 'change')}, none of which breaks callers"
            case _, "indices":
                return f"breaking for callers that use indices: {counted(count, 'breaking change')}"
        return f"breaking: {counted(count, 'breaking change')} of {len(self.changes)}"

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each change, those that break callers first."""
        ordered = sorted(self.changes, key=lambda change: BREAKS.index(change.breaks))
        return tuple(_line(change) for change in ordered)


def _line(change: Change) -> str:
    said = f"{change.where}: {change_line(change)}"
    return f"breaking: {said} ({change.reason})" if change.breaks != "nobody" else said


Drift.__module__ = "invokable"  # as users import it
