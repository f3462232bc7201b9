"""invokable show: the inputs and outputs of a workflow or module, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from invokable.cli import completing
from invokable.cli.errors import note, say_json, show_failure, warn
from invokable.cli.options import build_options, read_options
from invokable.cli.showing.modules import describe_module, print_module
from invokable.cli.showing.workflows import describe_workflow, print_workflow
from invokable.codegen import BuildError, BuildOptions, Source, expand_sources, plan_source
from invokable.codegen.drift import read_artifact
from invokable.codegen.python.json_text import pieces

_JSON: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False)


@click.command()
@click.argument("files", nargs=-1, required=True, shell_complete=completing.files)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Output format."
)
@click.option(
    "--graph",
    is_flag=True,
    help="With --format json: also the graph, the batch data (long lists are counted) and the embedded workflow.",
)
@build_options
def show(
    files: tuple[str, ...],
    form: str,
    graph: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Show the inputs and outputs of each workflow or module.

    The table has the index, attribute, type, limits, default and label of each input. Modules are not run.

    \b
    Examples:
      invokable show portrait.json
      invokable show flows.py
      invokable show --format json workflows/ | jq .outputs
    """
    if graph and any(map(_is_module, files)):
        raise click.UsageError("--graph shows what a workflow submits; name the module's workflow instead")
    status = 0
    as_json = form == "json"
    options = read_options(config=config, schema=schema, server=server, lenient=lenient)
    for source in _sources(files):
        try:
            if _is_module(source.name):
                _show_module(source, as_json=as_json)
            else:
                _show_workflow(source, options, as_json=as_json, graph=graph)
        except BuildError as failure:
            if skipped := _why_skipped(source):
                note(source.shown, f"skipped: {skipped}")
                continue
            status = max(status, show_failure(failure))
            if as_json:
                error = {"message": failure.message, "pointer": failure.pointer, "suggestion": failure.suggestion}
                _print_line(source, {"ok": False, "error": error})
    click.get_current_context().exit(status)


def _is_module(name: str) -> bool:
    return name.endswith(".py")


def _sources(names: Sequence[str]) -> Iterator[Source]:
    for name in names:
        yield from [Source(Path(name))] if _is_module(name) else expand_sources([name])


def _show_module(source: Source, *, as_json: bool) -> None:
    interface = read_artifact(source.shown).interface
    assert interface is not None  # a module has its own
    if as_json:
        _print_line(source, {"ok": True, **describe_module(interface)})
    else:
        print_module(source, interface)


def _show_workflow(source: Source, options: BuildOptions, *, as_json: bool, graph: bool) -> None:
    plan = plan_source(source, options)
    if as_json:
        _print_line(source, {"ok": True, **describe_workflow(plan, graph=graph)})
        return
    for warning in plan.warnings:
        warn(source.shown, warning)
    print_workflow(source, plan)


def _print_line(source: Source, described: dict[str, Any]) -> None:
    say_json(pieces({"file": source.shown, **described}, _JSON))


def _why_skipped(source: Source) -> str:
    try:
        data = b"" if source.named else source.data()
        return source.why_skipped(data, lambda: source.read(data))
    except BuildError:
        return ""
