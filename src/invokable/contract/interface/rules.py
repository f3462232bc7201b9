"""Rules: every kind of change, whom it breaks, and why. Verdicts are decided only here.

"Callers" set inputs, read outputs and import names, and run a type checker in strict mode. They pass any value that an
input accepts, and do not rely on an input having a narrower type than declared. "Indices" are callers that find an
input by its index in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Subject: TypeAlias = Literal["module", "input", "output", "node"]
_SUBJECTS: Final[tuple[Subject, ...]] = get_args(Subject)
Breaks: TypeAlias = Literal["nobody", "indices", "callers"]
"""Whom a change breaks: nobody; callers that use indices; all callers that use what changed."""
BREAKS: Final[tuple[Breaks, ...]] = ("callers", "indices", "nobody")
"""Worst first."""
Kind: TypeAlias = Literal[
    "class-renamed",
    "alias-missing",
    "alias-changed",
    "model-missing",
    "schema-changed",
    "input-missing",
    "input-new",
    "input-new-required",
    "input-renamed",
    "input-moved",
    "input-replaced",
    "input-relabelled",
    "input-type-narrowed",
    "input-type-widened",
    "input-limits-narrowed",
    "input-limits-widened",
    "input-choices-narrowed",
    "input-choices-widened",
    "input-models-narrowed",
    "input-models-widened",
    "input-none-narrowed",
    "input-none-widened",
    "input-required",
    "input-optional",
    "input-default",
    "input-connected",
    "input-released",
    "output-missing",
    "output-new",
    "output-renamed",
    "output-replaced",
    "output-retyped",
    "output-narrowed",
    "output-many",
    "output-one",
    "node-new",
    "node-unused",
    "node-version",
]


def breaks_callers(breaks: Breaks, *, by_name: bool) -> bool:
    """Whether callers break; with `by_name`, only considering callers that use no index."""
    return breaks == "callers" or (breaks == "indices" and not by_name)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of change means to callers."""

    breaks: Breaks
    reason: str


RULES: Final[Mapping[Kind, Rule]] = {
    "class-renamed": Rule("callers", "imports of the old name fail"),
    "alias-missing": Rule("callers", "imports of the type alias fail"),
    "alias-changed": Rule("callers", "values annotated with the type alias no longer fit the input"),
    "model-missing": Rule("callers", "uses of the model's name fail"),
    "schema-changed": Rule("nobody", "the graph is for another InvokeAI version"),
    "input-missing": Rule("callers", "code that sets it fails"),
    "input-new": Rule("nobody", "it has a default"),
    "input-new-required": Rule("callers", "code that does not set it fails"),
    "input-renamed": Rule("callers", "code that uses the old name fails"),
    "input-moved": Rule("indices", "the old index belongs to another field or to none; names still work"),
    "input-replaced": Rule("nobody", "the name is the same, but the field is another: check that it means the same"),
    "input-relabelled": Rule("nobody", "labels are for people only"),
    "input-type-narrowed": Rule("callers", "values of the old type are refused"),
    "input-type-widened": Rule("nobody", "values of the old type still fit"),
    "input-limits-narrowed": Rule("callers", "values beyond the new limits are refused"),
    "input-limits-widened": Rule("nobody", "values within the old limits still fit"),
    "input-choices-narrowed": Rule("callers", "values that are no longer among the choices are refused"),
    "input-choices-widened": Rule("nobody", "the old choices still fit"),
    "input-models-narrowed": Rule("callers", "models that no longer fit are refused"),
    "input-models-widened": Rule("nobody", "the models that fit before still fit"),
    "input-none-narrowed": Rule("callers", "None is refused"),
    "input-none-widened": Rule("nobody", "None is an additional value"),
    "input-required": Rule("callers", "code that does not set it fails"),
    "input-optional": Rule("nobody", "code that sets it still works"),
    "input-default": Rule("nobody", "code that does not set it gets another value"),
    "input-connected": Rule("callers", "an edge feeds the field, so values other than the default are refused"),
    "input-released": Rule("nobody", "no edge feeds the field any longer, so its value is used"),
    "output-missing": Rule("callers", "code that reads it fails"),
    "output-new": Rule("nobody", "it is an additional result"),
    "output-renamed": Rule("callers", "code that uses the old name fails"),
    "output-replaced": Rule("nobody", "the name is the same, but the node is another: check that it means the same"),
    "output-retyped": Rule("callers", "code that reads it gets a value of another type"),
    "output-narrowed": Rule("nobody", "every value of the new type is one of the old type"),
    "output-many": Rule("callers", "code that reads one value gets a list"),
    "output-one": Rule("callers", "code that reads a list gets one value"),
    "node-new": Rule("nobody", "the server must have it"),
    "node-unused": Rule("nobody", "the graph no longer uses it"),
    "node-version": Rule("nobody", "`Client.check` says whether a server has this version"),
}
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between two interfaces."""

    kind: Kind
    name: str
    """The name of what changed: an attribute, a class, an alias, a node type."""
    before: str = ""
    after: str = ""
    detail: str = ""
    """The difference, if before and after alone do not show it: choices that were added and removed."""

    @property
    def subject(self) -> Subject:
        """The kind of thing that changed."""
        word = self.kind.partition("-")[0]
        return next((subject for subject in _SUBJECTS if subject == word), "module")

    @property
    def where(self) -> str:
        """What changed: `input width`, `ColourCard`."""
        return self.name if self.subject == "module" else f"{self.subject} {self.name}"

    @property
    def breaks(self) -> Breaks:
        """Whom it breaks."""
        return RULES[self.kind].breaks

    @property
    def reason(self) -> str:
        """Why it breaks callers, or why it does not."""
        return RULES[self.kind].reason
