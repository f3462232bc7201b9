"""Project: what the configuration and the modules that are there already decide about a workflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from invokable.cli.errors import CommandError
from invokable.cli.sources import Source
from invokable.codegen import InstalledModel, ModulePlan, Naming, Options
from invokable.codegen.config import Config, ConfigError, find_config, load_config
from invokable.codegen.existing import attribute_names_of, is_generated, output_names_of

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """Add `--config` to a verb."""
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="A pyproject.toml with a [tool.invokable] table. Without it: the nearest one, from the current folder up.",
    )(command)


@dataclass(frozen=True, slots=True)
class Project:
    """The configuration that applies, if any."""

    path: Path | None
    config: Config

    @classmethod
    def load(cls, name: str | None) -> Project:
        """Read the configuration named on the command line, or the nearest one. Raises CommandError."""
        try:
            path = Path(name) if name is not None else find_config(Path.cwd())
            return cls(path, load_config(path) if path is not None else Config())
        except ConfigError as error:
            raise CommandError(str(error.path), str(error), pointer=error.key) from None

    def options(
        self,
        source: Source,
        *,
        lenient: bool,
        current: str | None = None,
        installed: tuple[InstalledModel, ...] = (),
    ) -> Options:
        """How to generate a workflow's module; the names in the module `current` are kept, renames apart."""
        chosen = self.config.for_file(source.name)
        kept = attribute_names_of(current) if current is not None and is_generated(current) else {}
        kept_outputs = output_names_of(current) if current is not None and is_generated(current) else {}
        renamed = set(chosen.rename.values())
        renamed_outputs = set(chosen.outputs.values())
        inputs = {key: name for key, name in kept.items() if name not in renamed} | dict(chosen.rename)
        outputs = {
            key: name
            for key, name in kept_outputs.items()
            if name not in renamed_outputs and key[0] not in chosen.outputs
        }
        return Options(
            lenient=lenient,
            naming=Naming(inputs=inputs, outputs=outputs, nodes=chosen.outputs, class_name=chosen.class_name),
            installed=installed,
            templates=self.config.templates,
        )

    def check(self, source: Source, plan: ModulePlan) -> None:
        """Raise CommandError when the configuration names what the workflow does not have."""
        chosen = self.config.for_file(source.name)
        table = f"tool.invokable.workflows.{source.name}"
        shown = {planned.item.node_id: planned for planned in plan.inputs}
        fields = {(planned.item.node_id, planned.item.field) for planned in plan.inputs}
        for node_id, name in chosen.rename:
            if (node_id, name) not in fields:
                what = (
                    f"the form shows no field {name!r} of node {node_id!r}"
                    if node_id in shown
                    else f"the form shows no node {node_id!r}"
                )
                raise CommandError(str(self.path), what, pointer=f"{table}.rename.{node_id}.{name}")
        for node_id in chosen.outputs:
            if node_id not in plan.reading.graph["nodes"]:
                raise CommandError(
                    str(self.path),
                    f"the graph has no node {node_id!r}",
                    pointer=f"{table}.outputs.{node_id}",
                )
