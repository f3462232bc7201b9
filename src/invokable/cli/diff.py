"""invokable diff: the changes between two workflows or modules, and whether they break callers."""

from __future__ import annotations

import click

from invokable.cli import completing
from invokable.cli.errors import Status, say_text, show_all, warn
from invokable.cli.options import build_options, read_options
from invokable.codegen.drift import Comparison, TreeComparison, are_trees, compare_files, compare_trees
from invokable.codegen.drift.reports import FORMS, Form, report
from invokable.codegen.drift.tree_reports import tree_report
from invokable.contract.interface.rules import breaks_callers


@click.command()
@click.argument("old", shell_complete=completing.files)
@click.argument("new", shell_complete=completing.files)
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Output format.")
@click.option(
    "--names-only",
    is_flag=True,
    help="Assume that callers use names only, so that moving an input to another index does not break them.",
)
@build_options
def diff(
    old: str,
    new: str,
    form: Form,
    names_only: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Show changes from OLD to NEW, and whether they break callers.

    OLD and NEW are workflow files, generated modules, map files, files in a git revision as git:REV:PATH, or - for
    standard input. Modules are read, not imported. A workflow keeps the names of the other side, as when regenerating
    its module. Two folders, also in git revisions, are compared file by file: their modules, or their workflows if
    there are no modules.

    The exit status is 0 if callers keep working, 1 if something breaks them, and 2 if an input cannot be read.

    \b
    Examples:
      invokable diff src/app/flows/portrait.py workflows/portrait.json
      invokable diff git:main:workflows/portrait.json workflows/portrait.json --format markdown
      invokable diff git:main:src/app/flows src/app/flows
      invokable diff git:HEAD~1: .
    """
    options = read_options(config=config, schema=schema, server=server, lenient=lenient)
    found: Comparison | TreeComparison
    if are_trees(old, new):
        found = compare_trees(old, new, options)
        text, breaks, errors = tree_report(found, form), found.breaks, found.errors
    else:
        found = compare_files(old, new, options)
        text, breaks, errors = report(found, form), found.drift.breaks, ()
    for warning in found.warnings:
        warn(*warning)
    say_text(text)
    broken = breaks_callers(breaks, by_name=names_only)
    click.get_current_context().exit(show_all(errors) or (Status.DRIFT if broken else Status.FINE))
