"""Depfile: which files each module is made from, in make syntax."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build
from invokable.codegen.project.project import shown_path


def depfile_text(build: Build) -> str:
    """A rule for each module, and an empty one for each file it is made from, so that make accepts its removal."""
    rules: dict[Path, list[str]] = {
        result.path: sorted(set(_made_from(result))) for result in build.results if result.change is not None
    }
    lines = [f"{_escaped(os.fspath(path))}: {' '.join(map(_escaped, needed))}" for path, needed in rules.items()]
    lines += [f"{_escaped(name)}:" for name in sorted({name for needed in rules.values() for name in needed})]
    return "".join(f"{line}\n" for line in lines)


def _made_from(result: BuildResult) -> Iterator[str]:
    job = result.job
    if job.source.path is not None:
        yield os.fspath(job.source.path)
    if job.project.path is not None:
        yield shown_path(job.project.path)
    if job.settings.schema.kind == "file":
        yield shown_path(Path(job.settings.schema.value))
    if job.settings.templates is not None:
        yield from (shown_path(path) for path in job.settings.templates.rglob("*") if path.is_file())


def _escaped(name: str) -> str:
    """A file name in make syntax. Names that make cannot read, such as those with a line break, are left out."""
    return name.replace("\\", "\\\\").replace(" ", "\\ ").replace("#", "\\#").replace("$", "$$").replace(":", "\\:")
