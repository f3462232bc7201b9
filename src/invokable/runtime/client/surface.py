"""Surface: types in the signatures of both clients."""

from __future__ import annotations

from typing import Protocol, TypeVar

from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.workflow import Workflow

Result = TypeVar("Result", bound=WorkflowResult)
ResultOf = TypeVar("ResultOf", bound=WorkflowResult, covariant=True)


class Runs(Protocol[ResultOf]):
    """A workflow, as seen by its result type."""

    @property
    def Result(self) -> type[ResultOf]:  # noqa: N802  (the generated class's own name)
        """The class of the result."""


def checked(flow: object) -> Workflow:
    """Check that `flow` is a workflow instance. Raises TypeError for anything else."""
    if not isinstance(flow, Workflow):
        raise TypeError(f"expected a workflow instance, got {flow!r}")
    return flow


def checked_class(workflow: object) -> type[Workflow]:
    """Check that `workflow` is a workflow class. Raises TypeError for anything else."""
    if not (isinstance(workflow, type) and issubclass(workflow, Workflow)):
        raise TypeError(f"expected a workflow class, got {workflow!r}")
    return workflow
