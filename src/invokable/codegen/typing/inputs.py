"""Inputs: the complete type of an input, made of its annotation, its default and their description.

FormInput ─▶ limits ─▶ annotations ─▶ defaults ─▶ words ─▶ InputType
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invokable.codegen.python import expression
from invokable.codegen.python.expression import Expression
from invokable.codegen.typing.annotations import annotation_of, choices_of, unlisted
from invokable.codegen.typing.defaults import Factory, default_of
from invokable.codegen.typing.limits import effective_limits
from invokable.codegen.typing.words import summary
from invokable.contract.fields import Choices
from invokable.contract.limits import NO_LIMITS, Limits

if TYPE_CHECKING:
    from invokable.workflow import FormInput


@dataclass(frozen=True, slots=True)
class InputType:
    """The complete type of an input."""

    annotation: Expression
    """The type, without its `Index`."""
    constraints: tuple[Expression, ...] = ()
    """Limits of the value, such as `Ge(0)`."""
    choices: Choices = ()
    """The values if the type is a Literal, whose annotation lists them inline."""
    limits: Limits = NO_LIMITS
    nullable: bool = False
    default: Expression | None = None
    """The default value; None if the input is required."""
    factory: Factory = "none"
    """What creates a new default for each instance."""
    summary: str = ""
    """The type in words: `integer, 64 to 2048, a multiple of 8`."""
    unfit: str = ""
    """Why the workflow's own value cannot be the default; empty if it can."""
    dropped: tuple[str, ...] = ()
    """Descriptions of limits that were dropped because they make no sense."""

    @property
    def assigned(self) -> Expression | None:
        """The source after the `=`: the default, or a `field` that creates a new one for each instance."""
        if self.default is None or self.factory == "none":
            return self.default
        factory = expression.lazily(self.default) if self.factory == "lambda" else self.factory
        return expression.call("field", default_factory=factory)


def input_type(item: FormInput, custom: Expression | None = None) -> InputType:
    """The type of a form input: its schema, narrowed by the form's limits and choices.

    If the project has its own class for the values, that class decides what they may be.
    """
    choices = () if custom else choices_of(item)
    limits, dropped = (NO_LIMITS, ()) if custom else effective_limits(item)
    annotation = annotation_of(item, choices, limits, custom)
    default = default_of(item, annotation, choices, limits)
    return InputType(
        annotation=annotation.type,
        constraints=annotation.constraints,
        choices=choices,
        limits=limits,
        nullable=default.nullable,
        default=default.value,
        factory=default.factory,
        summary=summary(item, choices, limits) if custom is None else custom.code,
        unfit=default.unfit,
        dropped=(*dropped, *unlisted(choices)),
    )
