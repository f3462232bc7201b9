"""Depfile: which files each module is made from, in make syntax.

Names with characters that make cannot read, however they are written, are left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build
from invokable.codegen.failures import BuildError
from invokable.codegen.project.project import shown_path

_UNREADABLE: Final = re.compile(r"[\t\n\v\f\r;|=]")
_ESCAPED: Final = re.compile(r"(\\*)([ #:])")
_WILDCARD: Final = re.compile(r"(\\*)(%)")
"""A backslash escapes these characters; backslashes elsewhere stand for themselves."""


def check_depfile(path: Path, build: Build) -> None:
    """Raise BuildError if a depfile would replace another file of the build."""
    others = {name for result in build.results for name in _made_from(result)}
    others |= {os.fspath(change.path) for change in build.changes}
    if os.path.realpath(path) in map(os.path.realpath, others):
        raise BuildError(str(path), "is a source or a module of the build; name another file for --depfile")


def depfile_data(build: Build) -> bytes:
    """A rule for each module, and an empty one for each file it is made from, so that make accepts its removal."""
    modules = (result for result in build.results if result.change is not None)
    rules = {os.fspath(one.path): sorted(filter(_is_readable, set(_made_from(one)))) for one in modules}
    lines = [f"{_target(path)}: {' '.join(map(_escaped, rules[path]))}" for path in filter(_is_readable, rules)]
    lines += [f"{_target(name)}:" for name in sorted({name for needed in rules.values() for name in needed})]
    return os.fsencode("".join(f"{line}\n" for line in lines))


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


def _is_readable(name: str) -> bool:
    return not _UNREADABLE.search(name)


def _escaped(name: str) -> str:
    """The name of a file that a module is made from, in make syntax."""
    return _ESCAPED.sub(r"\1\1\\\2", name).replace("$", "$$")


def _target(name: str) -> str:
    """The name of a target in make syntax; a `%` would be a pattern."""
    return _WILDCARD.sub(r"\1\1\\\2", _escaped(name))
