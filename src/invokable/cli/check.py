"""invokable check: report generated files that are not up to date."""

from __future__ import annotations

import json
import shlex

import click

from invokable.cli import completing
from invokable.cli.errors import STATUS, Status, note, say, say_json, say_lines, show_all, warn
from invokable.cli.options import build_options, read_options
from invokable.codegen import BuildError, building
from invokable.codegen.build.check import Report, report
from invokable.codegen.build.jobs import STDOUT
from invokable.codegen.python.json_text import pieces
from invokable.contract.plain import plain


@click.command()
@click.argument("sources", nargs=-1, shell_complete=completing.files)
@click.option(
    "-o", "--output", metavar="DIR|FILE", shell_complete=completing.files, help="The output folder or module."
)
@click.option("--models", is_flag=True, help="Expect modules that list the models of the --server.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Output format: lines and a diff, one JSON object, or GitHub Actions annotations.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no diff, and nothing about files that are up to date.")
@click.option("--fail-on-warning", is_flag=True, help="Treat warnings as errors: exit with 2.")
@click.option("--no-git", is_flag=True, help="Do not ask git whether it tracks the files.")
@build_options
def check(
    sources: tuple[str, ...],
    output: str | None,
    models: bool,
    form: str,
    quiet: bool,
    fail_on_warning: bool,
    no_git: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Check that all modules are up to date, and write nothing.

    SOURCES and the options for modules are as for generate. The exit status is 1 if a module or the lock file is out of
    date, edited by hand or missing, if a module is left over from a workflow that is gone, or if git does not track one
    of the files. A diff shows what would change, and the last lines show the commands that fix it.

    \b
    Examples:
      invokable check
      invokable check workflows/ -o src/app/flows
      invokable check --format github
    """
    if output == STDOUT:
        raise click.UsageError("-o: expected a folder or a module to compare with, not standard output")
    try:
        options = read_options(
            config=config,
            schema=schema,
            server=server,
            lenient=lenient,
            models=models,
            compare=True,
        )
        with building(sources, output, options) as build:
            command = _command(sources, output, models, config, schema, server, lenient)
            found = report(build, command=command, git=not no_git)
            for line in build.notes:
                note("note", line)
    except BuildError as failure:  # in the configuration or the names of sources, before anything is built
        found = Report(findings=(), failures=(failure,))
    status = _status(found, fail_on_warning=fail_on_warning)
    if form == "json":
        say_json(pieces(found.to_json(status), json.JSONEncoder(ensure_ascii=True, indent=2)))
    elif form == "github":
        _annotate(found)
    else:
        _tell(found, quiet=quiet)
    click.get_current_context().exit(status)


def _status(found: Report, *, fail_on_warning: bool) -> int:
    statuses = [STATUS[failure.kind] for failure in found.failures]
    if found.warnings and fail_on_warning:
        statuses.append(Status.BAD_INPUT)
    if found.wrong:
        statuses.append(Status.DRIFT)
    return max(statuses, default=Status.FINE)


def _tell(found: Report, *, quiet: bool) -> None:
    for where, why in found.skipped:
        note(where, f"skipped: {why}")
    for where, warning in found.warnings:
        warn(where, warning)
    for finding in found.wrong if quiet else found.findings:
        say(f"{finding.path}: {finding.message}")
        if not quiet:
            say_lines(finding.diff())
    show_all(found.failures)
    for command in found.commands:
        note("to fix it", command)


def _annotate(found: Report) -> None:
    """Print a GitHub Actions command for each problem."""
    for where, why in found.skipped:
        _command_of("notice", where, f"skipped: {why}")
    for where, warning in found.warnings:
        _command_of("warning", where, warning)
    for finding in found.wrong:
        fix = "".join(f"; run: {command}" for command in found.fixing([finding]))
        _command_of("error", finding.path.as_posix(), f"{finding.message}{fix}")
    for failure in found.failures:
        place = f"{failure.pointer}: " if failure.pointer else ""
        hint = f" ({failure.suggestion})" if failure.suggestion else ""
        _command_of("error", failure.where, f"{place}{failure.message}{hint}")


def _command_of(kind: str, where: str, message: str) -> None:
    place = _escaped(where).replace(":", "%3A").replace(",", "%2C")
    say(f"::{kind} file={place},title=invokable check::{_escaped(f'{where}: {message}')}")


def _escaped(text: str) -> str:
    """Text within a GitHub Actions command, escaped so that it cannot start another one."""
    return plain(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _command(
    sources: tuple[str, ...],
    output: str | None,
    models: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> str:
    """The command that generates the checked files."""
    options = {"-o": output, "--config": config, "--schema": schema, "--server": server}
    words = ["invokable", "generate", *sources]
    words += [word for name, value in options.items() if value is not None for word in (name, value)]
    words += [name for name, flag in (("--lenient", lenient), ("--models", models)) if flag]
    return shlex.join(words)
