"""Options: what all modules of a build have in common, besides the settings of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from invokable.codegen.build.jobs import Overrides
from invokable.codegen.project.project import Projects
from invokable.codegen.project.schemas import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The options for all modules of a build."""

    schemas: Schemas = field(default_factory=Schemas)
    """The source of node schemas; caches what it reads."""
    projects: Projects = field(default_factory=Projects)
    """The source of configurations."""
    overrides: Overrides = field(default_factory=Overrides)
    """What overrides the configuration."""
    force: bool = False
    """Replace modules edited by hand and files that are not modules; regenerate every module."""
    compare: bool = False
    """Nothing will be written: files edited by hand are compared like others."""
    stdin: BinaryIO | None = None
    """The stream for the source `-`."""
