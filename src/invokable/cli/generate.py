"""invokable generate: write the module of each workflow."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from invokable.cli import completing
from invokable.cli.errors import Status, note, say, show_all, warn
from invokable.cli.options import build_options, read_options
from invokable.codegen import Build, BuildOptions, FileChange, Written, building
from invokable.codegen.build.depfile import check_depfile, depfile_data
from invokable.codegen.build.jobs import STDOUT
from invokable.codegen.build.publish import replace_file


@click.command()
@click.argument("sources", nargs=-1, shell_complete=completing.files)
@click.option(
    "-o",
    "--output",
    metavar="DIR|FILE|-",
    shell_complete=completing.files,
    help="The output folder; a name ending in .py is a single module.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace modules edited by hand and files that invokable did not write; regenerate every module.",
)
@click.option(
    "--models",
    is_flag=True,
    help="List the models of the --server in the modules, for completion in editors.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print only problems.")
@click.option("--fail-on-warning", is_flag=True, help="Treat warnings as errors: write nothing and exit with 2.")
@click.option(
    "--depfile",
    metavar="FILE",
    shell_complete=completing.files,
    help="Also write a file for make with the sources of each module.",
)
@click.option("--watch", is_flag=True, help="Generate again whenever a workflow or the configuration changes.")
@build_options
def generate(
    sources: tuple[str, ...],
    output: str | None,
    force: bool,
    models: bool,
    dry_run: bool,
    quiet: bool,
    fail_on_warning: bool,
    depfile: str | None,
    watch: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Write the typed module of each workflow.

    SOURCES are files, folders, globs, or - for standard input: JSON exported from the editor, or PNG images made by
    InvokeAI. Without SOURCES, everything in the project's [tool.invokable] table is generated. Nothing is written until
    every workflow has been read.

    \b
    Examples:
      invokable generate
      invokable generate workflows/ -o src/app/flows
      invokable generate portrait.json -o - | less
    """

    def options() -> BuildOptions:
        return read_options(
            config=config,
            schema=schema,
            server=server,
            lenient=lenient,
            force=force,
            models=models,
        )

    def run() -> int:
        with building(sources, output, options()) as build:
            status = tell(build, fail_on_warning=fail_on_warning)
            if status:
                return status
            if output == STDOUT:
                _print_module(build)
                return Status.FINE
            if depfile is not None:
                check_depfile(Path(depfile), build)
            if not dry_run:
                build.write()
                if depfile is not None:
                    replace_file(Path(depfile), depfile_data(build))
            if not quiet:
                for change in build.changes:
                    _say(change, build, would="would be " if dry_run else "")
            return Status.FINE

    if output == STDOUT and depfile is not None:
        raise click.UsageError("--depfile: expected a module in a file, not on standard output")
    if watch:
        from invokable.cli.watch import watching

        watching(run, sources, options)
    else:
        click.get_current_context().exit(run())


def tell(build: Build, *, fail_on_warning: bool = False) -> int:
    """Print all messages about a build before it is written, and return its exit status.

    Notes and warnings come first, then errors.
    """
    for line in build.notes:
        note("note", line)
    warned = False
    for result in build.results:
        if result.skipped:
            note(result.source.shown, f"skipped: {result.skipped}")
        for warning in result.warnings:
            warned = True
            warn(result.source.shown, warning)
        for line in filter(None, (result.note, *result.renamed)):
            note(result.source.shown, line)
    for left in build.extras.left:
        if left.edited:
            note(str(left.path), f"left over ({left.reason}), but kept because it was edited by hand")
    if status := show_all(build.failures):
        return status
    if warned and fail_on_warning:
        note("invokable", "nothing was written, because of warnings and --fail-on-warning")
        return Status.BAD_INPUT
    return Status.FINE


def _say(change: FileChange, build: Build, *, would: str) -> None:
    versions = {result.path: result.version for result in build.results}
    version = versions.get(change.path)
    if change.path not in versions and change.outcome is Written.UNCHANGED:
        return
    done = change.outcome if change.outcome is Written.UNCHANGED else f"{would}{change.outcome}"
    say(f"{change.path}: {done}" + (f" (InvokeAI {version})" if version else ""))


def _print_module(build: Build) -> None:
    for result in build.results:
        if result.module is not None:
            sys.stdout.buffer.write(result.module)  # UTF-8, whatever the terminal is
