"""invokable map: the index map of a workflow as a file, for programs that do not use a module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from invokable.cli import completing
from invokable.cli.errors import Status, say, say_text, warn
from invokable.cli.options import build_options, read_options
from invokable.codegen import BuildError
from invokable.codegen.build.publish import replace_file
from invokable.codegen.drift import compare_files, interface_of, read_artifact
from invokable.codegen.drift.reports import FORMS, Form, report
from invokable.contract.interface import write_map


@click.group("map")
def map_() -> None:
    """Export index maps as JSON files, and verify such files."""


@map_.command()
@click.argument("source", shell_complete=completing.files)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    shell_complete=completing.files,
    help="The map file. Default: standard output.",
)
@build_options
def export(source: str, output: str, config: str | None, schema: str | None, server: str | None, lenient: bool) -> None:
    """Write the index map of a workflow file or generated module.

    The map has the index, attribute, node, field and type of each input, and a checksum, so that an edited map is
    recognized.

    \b
    Example:
      invokable map export workflows/portrait.json -o portrait.map.json
    """
    options = read_options(config=config, schema=schema, server=server, lenient=lenient)
    artifact = read_artifact(source, options.stdin)
    read = artifact.source.path
    if read is not None and output != "-" and os.path.realpath(read) == os.path.realpath(output):
        raise BuildError(output, "is the source of the map; name another file")
    found = interface_of(artifact, options)
    text = write_map(found.interface)
    for warning in found.warnings:
        warn(source, warning)
    if output == "-":
        sys.stdout.write(text)
        return
    replace_file(Path(output), text.encode())
    say(f"{output}: written")


@map_.command()
@click.argument("map_file", metavar="MAP", shell_complete=completing.files)
@click.argument("against", required=False, shell_complete=completing.files)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Output format.")
@build_options
def verify(
    map_file: str,
    against: str | None,
    form: Form,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Check that a map is unedited and fits a workflow or module.

    MAP must be as it was exported. With AGAINST, a workflow file or generated module, MAP must also fit it.

    The exit status is 0 if it fits, 1 if an index, name or type in the map has changed, and 2 if the map was edited or
    a file cannot be read.

    \b
    Example:
      invokable map verify portrait.map.json workflows/portrait.json
    """
    options = read_options(config=config, schema=schema, server=server, lenient=lenient)
    found = read_artifact(map_file, options.stdin)
    if found.kind != "map":
        raise BuildError(map_file, f"is a {found.kind}, not a map; export one with: invokable map export")
    if against is None:
        say(f"{map_file}: intact")
        return
    comparison = compare_files(map_file, against, options)
    for warning in comparison.warnings:
        warn(*warning)
    say_text(report(comparison, form))
    click.get_current_context().exit(Status.DRIFT if comparison.drift.breaking else Status.FINE)
