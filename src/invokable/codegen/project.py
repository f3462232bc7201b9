"""Project: what the configuration, and the modules that exist already, decide about a workflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from invokable.codegen.config import Config, ConfigError, find_config, load_config
from invokable.codegen.failures import BuildError
from invokable.codegen.lock import Names
from invokable.codegen.plan import ModulePlan, Naming


@dataclass(frozen=True, slots=True)
class Project:
    """The configuration that applies, if any."""

    path: Path | None = None
    config: Config = field(default_factory=Config)

    @classmethod
    def load(cls, name: str | None, *, start: Path) -> Project:
        """Read the named configuration, or the nearest one from `start` up. Raises BuildError."""
        try:
            path = Path(name) if name is not None else find_config(start)
            return cls(path, load_config(path) if path is not None else Config())
        except ConfigError as error:
            raise BuildError(str(error.path), str(error), pointer=error.key) from None

    def naming(self, source: str, known: Names) -> Naming:
        """The names for the workflow in the file `source`: those that are known are kept, renames apart."""
        chosen = self.config.for_file(source)
        renamed, renamed_outputs = set(chosen.rename.values()), set(chosen.outputs.values())
        kept = {key: name for key, name in known.inputs.items() if name not in renamed}
        kept_outputs = {
            key: name
            for key, name in known.outputs.items()
            if name not in renamed_outputs and key[0] not in chosen.outputs
        }
        return Naming(
            inputs=kept | dict(chosen.rename),
            outputs=kept_outputs,
            nodes=chosen.outputs,
            class_name=chosen.class_name or known.class_name,
        )

    def unknown_names(self, source: str, plan: ModulePlan) -> Iterator[BuildError]:
        """What the configuration names but the workflow does not have."""
        chosen = self.config.for_file(source)
        table = f"tool.invokable.workflows.{source}"
        fields = {(planned.item.node_id, planned.item.field) for planned in plan.inputs}
        shown = {node_id for node_id, _ in fields}
        for node_id, name in chosen.rename:
            if (node_id, name) not in fields:
                known = node_id in shown
                what = f"the form shows no field {name!r} of node {node_id!r}" if known else _no_node(node_id)
                yield BuildError(str(self.path), what, pointer=f"{table}.rename.{node_id}.{name}")
        for node_id in chosen.outputs:
            if node_id not in plan.reading.graph["nodes"]:
                what = f"the graph has no node {node_id!r}"
                yield BuildError(str(self.path), what, pointer=f"{table}.outputs.{node_id}")


def _no_node(node_id: str) -> str:
    return f"the form shows no node {node_id!r}"
