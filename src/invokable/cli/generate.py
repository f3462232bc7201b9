"""invokable generate: write the module of each workflow."""

from __future__ import annotations

from pathlib import Path

import click

from invokable.cli.errors import CommandError, Status, warn
from invokable.cli.project import Project, config_option
from invokable.cli.sources import SchemaChoice, Source, expand, file_problem, installed_models, schema_options
from invokable.codegen import (
    GeneratedModule,
    InstalledModel,
    RefusedError,
    TemplateError,
    generate_module,
    module_name,
    publish,
)
from invokable.codegen.publish import check_replaceable, read_module
from invokable.workflow import WorkflowFileError


@click.command()
@click.argument("sources", nargs=-1, required=True)
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
@config_option
@schema_options
def generate(
    sources: tuple[str, ...],
    output: str,
    force: bool,
    models: bool,
    config_path: str | None,
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
    choice = SchemaChoice(schema, server)
    project = Project.load(config_path)
    installed = installed_models(server) if models and server else ()
    pending = []
    for source, path in _destinations(list(expand(sources)), output):
        try:
            current = read_module(path) if not force or path.is_file() else None
            if not force:
                check_replaceable(path, current)
        except RefusedError as error:
            raise CommandError(str(path), str(error), status=Status.REFUSED) from None
        except OSError as error:
            raise CommandError(str(path), f"cannot be read: {error.strerror}") from None
        pending.append((source, path, _module(source, choice, project, current, lenient, installed)))
    for source, path, module in pending:
        for warning in module.warnings:
            warn(source.shown, warning)
        try:
            done = publish(path, module.text, force=force)
        except RefusedError as error:
            raise CommandError(str(path), str(error), status=Status.REFUSED) from None
        except OSError as error:
            raise CommandError(str(path), f"cannot be written: {error.strerror}") from None
        click.echo(f"{path}: {done}")


def _module(
    source: Source,
    choice: SchemaChoice,
    project: Project,
    current: str | None,
    lenient: bool,
    installed: tuple[InstalledModel, ...],
) -> GeneratedModule:
    document = source.document()
    options = project.options(source, lenient=lenient, current=current, installed=installed)
    try:
        module = generate_module(document, choice.for_document(document), source=source.name, options=options)
    except WorkflowFileError as error:
        raise file_problem(source, error) from None
    except TemplateError as error:
        raise CommandError(source.shown, str(error)) from None
    project.check(source, module.plan)
    return module


def _destinations(sources: list[Source], output: str) -> list[tuple[Source, Path]]:
    if output.endswith(".py"):
        if len(sources) != 1:
            raise CommandError(output, f"is one module, but there are {len(sources)} sources; name a folder")
        return [(sources[0], Path(output))]
    taken: dict[Path, Source] = {}
    for source in sources:
        path = Path(output) / f"{module_name(source.stem)}.py"
        if path in taken:
            raise CommandError(
                source.shown,
                f"would be written to {path}, as {taken[path].shown} would; rename one of them",
            )
        taken[path] = source
    return [(source, path) for path, source in taken.items()]
