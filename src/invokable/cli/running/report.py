"""Report: the outcome of a run, as lines for people and as the JSON object of `--json`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from invokable import Problem, Submission, Video, WorkflowResult
from invokable.cli.errors import say
from invokable.cli.running.saving import Saved
from invokable.cli.running.values import WrongValuesError
from invokable.codegen import BuildError
from invokable.runtime.values.encoding import to_json
from invokable.runtime.values.result import outputs_of


@dataclass(slots=True)
class Report:
    """The state of a run."""

    source: str
    class_name: str | None = None
    server: str | None = None
    values: dict[str, Any] | None = None
    submission: Submission | None = None
    result: WorkflowResult | None = None
    files: list[Saved] = field(default_factory=list)
    error: dict[str, Any] | None = None
    left: str = "nothing was submitted"
    """What an interrupt would leave on the server; empty once there is a result."""

    def fail(self, error: BaseException, problems: tuple[tuple[BuildError, Problem | None], ...] = ()) -> None:
        """Record why the run failed."""
        match error:
            case WrongValuesError():
                kind = "ValidationError"
            case BuildError():
                kind = "InputError"
            case Exception():
                kind = type(error).__name__
            case _:
                kind = "Interrupted"
        self.error = {
            "kind": kind,
            "message": "; ".join(str(failure) for failure, _ in problems) or str(error) or kind,
            "problems": [_problem(failure, problem) for failure, problem in problems],
        }
        self.submission = getattr(error, "submission", None) or self.submission

    def to_json(self) -> dict[str, Any]:
        """The report, as described by `docs/schemas/run.schema.json`."""
        outputs = outputs_of(self.result) if self.result else {}
        batch_id = self.result.batch_id if self.result else self.submission and self.submission.batch_id
        items = self.result.item_ids if self.result else list(self.submission.item_ids) if self.submission else []
        return {
            "ok": self.error is None,
            "source": self.source,
            "class_name": self.class_name,
            "server": self.server,
            "values": self.values,
            "batch_id": batch_id,
            "item_ids": items,
            "submission": self.submission.to_json() if self.submission else None,
            "outputs": {name: to_json(value) for name, value in outputs.items()},
            "files": [_file(saved) for saved in self.files],
            "error": self.error,
        }

    def print_json(self) -> None:
        """Print the report on one line, in ASCII."""
        say(json.dumps(self.to_json(), ensure_ascii=True, allow_nan=False))

    def print_lines(self) -> None:
        """Print each output that is not a file; files are printed as they are saved."""
        saved = {file.attribute for file in self.files}
        for name, value in (outputs_of(self.result) if self.result else {}).items():
            if name not in saved:
                say(f"{name}: {json.dumps(to_json(value), ensure_ascii=False)}")


def _file(saved: Saved) -> dict[str, Any]:
    medium = saved.medium
    return {
        "attribute": saved.attribute,
        "index": saved.index,
        "path": str(saved.path),
        "kind": "video" if isinstance(medium, Video) else "image",
        "name": medium.name,
        "width": medium.width,
        "height": medium.height,
        "node_id": medium.node_id,
    }


def _problem(failure: BuildError, problem: Problem | None) -> dict[str, Any]:
    return {
        "where": failure.where,
        "index": problem.index if problem else None,
        "attribute": problem.attribute if problem else None,
        "label": problem.label if problem else None,
        "message": problem.message if problem else failure.message,
        "suggestion": failure.suggestion,
    }
