"""invokable generate: write the module of each workflow."""

from __future__ import annotations

import click

from invokable.cli import completing
from invokable.cli.errors import CommandError, note, reported, say, warn
from invokable.cli.options import build_options, read_options
from invokable.codegen import build_modules


@click.command()
@click.argument("sources", nargs=-1, required=True, shell_complete=completing.files)
@click.option(
    "-o",
    "--output",
    metavar="DIR|FILE",
    default=".",
    help="Where the modules go; a name in .py is one module.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace a module that was edited by hand, or a file that is not ours.",
)
@click.option(
    "--models",
    is_flag=True,
    help="Write the models installed on the server of --server, as names that complete under each input.",
)
@build_options
def generate(
    sources: tuple[str, ...],
    output: str,
    force: bool,
    models: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Write the typed module of each workflow.

    SOURCES are files, folders, globs, or - for standard input: JSON that the editor exported, or PNG images that
    InvokeAI wrote. Nothing is written before every workflow has been read.

    \b
    Example:
      invokable generate workflows/ -o src/app/flows
    """
    if models and server is None:
        raise click.UsageError("--models asks a server which models it has: add --server URL")
    with reported():
        options = read_options(config=config, schema=schema, server=server, lenient=lenient, force=force, models=models)
        build = build_modules(sources, output, options)
        for result in build.results:
            for warning in result.warnings:
                warn(result.source.shown, warning)
            for line in filter(None, (result.note, *result.renamed)):
                note(result.source.shown, line)
        errors = [CommandError(failure) for failure in build.failures]
        for error in errors:
            error.show()
        if errors:
            click.get_current_context().exit(max(error.exit_code for error in errors))
        versions = {r.path: r.module.plan.schema_version for r in build.results if r.module}
        for path, done in build.write(force=force):
            say(f"{path}: {done}" + (f" (InvokeAI {versions[path]})" if path in versions else ""))
