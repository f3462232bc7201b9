"""Surface: the types that both clients have in their signatures."""

from __future__ import annotations

from typing import Protocol, TypeVar

from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.workflow import Workflow

Result = TypeVar("Result", bound=WorkflowResult)
ResultOf = TypeVar("ResultOf", bound=WorkflowResult, covariant=True)


class Runs(Protocol[ResultOf]):
    """A workflow, seen by what it gives."""

    @property
    def Result(self) -> type[ResultOf]:  # noqa: N802  (the generated class's own name)
        """The class of the result."""


def checked(flow: object) -> Workflow:
    """A workflow with its values. Raises TypeError for anything else."""
    if not isinstance(flow, Workflow):
        raise TypeError(f"expected a workflow with its values, got {flow!r}")
    return flow


def checked_class(workflow: object) -> type[Workflow]:
    """The class of a workflow. Raises TypeError for anything else."""
    if not (isinstance(workflow, type) and issubclass(workflow, Workflow)):
        raise TypeError(f"expected the class of a workflow, got {workflow!r}")
    return workflow
