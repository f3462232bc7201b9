"""invokable schema: bundled and fetched node schemas, and what an upgrade breaks."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Final

import click

from invokable.cli import completing
from invokable.cli.errors import Status, say, say_text, warn
from invokable.cli.options import config_option, lenient_option, read_options
from invokable.cli.servers import AskServer
from invokable.codegen.build.publish import replace_file
from invokable.codegen.drift import find_modules
from invokable.codegen.drift import upgrade as compare_versions
from invokable.codegen.drift.reports import FORMS, Form
from invokable.codegen.drift.upgrade_reports import upgrade_report
from invokable.codegen.project.schemas import SchemaWanted
from invokable.schema import versions
from invokable.schema.catalogue import node_versions

_NOT_IN_A_NAME: Final = re.compile(r"[^\w.+-]")
"""What a file name does not have: the server chooses its version, but not another folder."""


@click.group()
def schema() -> None:
    """List, fetch and compare the node schemas of InvokeAI versions."""


@schema.command("list")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Output format."
)
def list_(form: str) -> None:
    """List the InvokeAI versions with bundled node schemas.

    Each line has a version and its number of node types.

    \b
    Example:
      invokable schema list
    """
    found = {version: len(node_versions(version)) for version in versions()}
    if form == "json":
        say(json.dumps([{"version": version, "nodes": count} for version, count in found.items()]))
        return
    for version, count in found.items():
        say(f"{version:<8} {count} node types")


@schema.command()
@click.option("--server", metavar="URL", required=True, help="The server. Its token is read from INVOKEAI_TOKEN.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=completing.files,
    help="The schema file; gzipped if the name ends in .gz. Default: openapi-VERSION.json.",
)
def fetch(server: str, output: str | None) -> None:
    """Save the node schemas of a running server for --schema.

    The file is the server's openapi.json, including custom nodes.

    \b
    Examples:
      invokable schema fetch --server http://127.0.0.1:9090 -o schemas/openapi-6.14.2.json.gz
      invokable generate workflows/ --schema schemas/openapi-6.14.2.json.gz
    """
    document, version = AskServer().schema(server)
    # InvokeAI puts its API version there; with the server's version, the file can have any name.
    info = document.get("info")
    named = {**document, "info": {**(info if isinstance(info, dict) else {}), "version": version}}
    path = Path(output or f"openapi-{_NOT_IN_A_NAME.sub('_', version)}.json")
    text = json.dumps(named, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    replace_file(path, gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)
    say(f"{path}: node schemas of InvokeAI {version}")


@schema.command("diff")
@click.argument("old", shell_complete=completing.files)
@click.argument("new", shell_complete=completing.files)
@click.argument("sources", nargs=-1, shell_complete=completing.files)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Output format.")
@config_option
@lenient_option
def diff_(old: str, new: str, sources: tuple[str, ...], form: Form, config: str | None, lenient: bool) -> None:
    """Compare two InvokeAI versions, and show which modules break.

    OLD and NEW are bundled versions, openapi.json files, or server URLs. SOURCES are workflow files, generated modules,
    and folders. A folder means the modules in and below it, or its workflows if there are no modules. The default is
    everything in the configuration; without a configuration, all node types are compared.

    The exit status is 0 if all modules keep working, and 1 if a module breaks callers or can no longer be generated.

    \b
    Example:
      invokable schema diff 6.8.1 6.14.2 src/app/flows
    """
    options = read_options(config=config, schema=None, server=None, lenient=lenient)
    found = compare_versions(find_modules(sources, options), _wanted(old), _wanted(new), options)
    for module in found.modules:
        for warning in module.warnings:
            warn(module.name, warning)
    say_text(upgrade_report(found, form))
    click.get_current_context().exit(Status.DRIFT if found.breaking else Status.FINE)


def _wanted(name: str) -> SchemaWanted:
    is_url = name.startswith(("http://", "https://"))
    return SchemaWanted.of(None if is_url else name, name if is_url else None, where=name)
