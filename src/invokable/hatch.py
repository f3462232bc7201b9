"""A build hook for hatchling: wheels are built only if all modules are up to date with their workflows.

[build-system]
requires = ["hatchling", "invokable[codegen]"]

[tool.hatch.build.hooks.invokable]
mode = "check"              # or "generate", for projects that do not commit their modules
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from invokable.cli.servers import AskServer
from invokable.codegen import Build, BuildError, BuildOptions, Project, building
from invokable.codegen.build.check import report
from invokable.codegen.build.publish import FileChange, Written
from invokable.codegen.project.project import Projects
from invokable.codegen.project.schemas import Schemas

_MODES: Final = ("check", "generate")
_WILDCARD: Final = re.compile(r"[*?\[\\]")


class InvokableBuildHook(BuildHookInterface[Any]):
    """Checks the modules of a project before it is built, or generates them."""

    PLUGIN_NAME = "invokable"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Check or generate. Problems abort the build, one line each."""
        mode = self.config.get("mode", "check")
        if mode not in _MODES:
            self.app.abort(f"tool.hatch.build.hooks.invokable.mode: {mode!r} is not one of {', '.join(_MODES)}")
        folder = Path(self.root)
        try:
            project = Project.load(str(folder / "pyproject.toml"), start=folder)
            options = BuildOptions(schemas=Schemas(AskServer()), projects=Projects(project), compare=mode == "check")
            with building((), None, options) as build:
                self._warn(build)
                self._stop(list(map(str, build.failures)))
                if mode == "check":
                    self._check(build)
                else:
                    build.write()
                    build_data["artifacts"] += [_pattern(change.path, folder) for change in _kept(build)]
        except BuildError as failure:
            self._stop([str(failure)])

    def _warn(self, build: Build) -> None:
        for result in build.results:
            for warning in result.warnings:
                self.app.display_warning(f"{result.source.shown}: warning: {warning}")

    def _check(self, build: Build) -> None:
        found = report(build)
        wrong = [f"{finding.path}: {finding.message}" for finding in found.wrong]
        self._stop([*wrong, *(f"to fix it: {command}" for command in found.commands)] if wrong else [])

    def _stop(self, lines: list[str]) -> None:
        if lines:
            self.app.abort("\n".join(lines))


def _kept(build: Build) -> list[FileChange]:
    return [change for change in build.changes if change.outcome is not Written.REMOVED]


def _pattern(path: Path, folder: Path) -> str:
    """The hatchling pattern that includes a file even if git ignores it."""
    name = path.absolute().relative_to(folder).as_posix()
    return "/" + _WILDCARD.sub(r"\\\g<0>", name)


@hookimpl  # type: ignore[untyped-decorator,unused-ignore]
def hatch_register_build_hook() -> type[InvokableBuildHook]:
    """The entry point for hatchling."""
    return InvokableBuildHook
