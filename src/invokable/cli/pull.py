"""invokable pull: workflows from a server's library into files of the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from invokable import InvokableError
from invokable.cli import completing
from invokable.cli.errors import Status, note, say, show_all
from invokable.cli.library import Pulled, choose, left_over, place, read_files
from invokable.cli.servers import client_of
from invokable.cli.tables import print_table
from invokable.codegen import BuildError
from invokable.contract.server import LOCAL, TOKEN, URL


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME|ID]...")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Pull the workflows with this tag; repeatable.")
@click.option("--all", "everything", is_flag=True, help="Pull all workflows.")
@click.option("--defaults", is_flag=True, help="With --tag or --all: include those that come with InvokeAI.")
@click.option("--list", "listing", is_flag=True, help="List the library, and write nothing.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default=".",
    shell_complete=completing.folders,
    help="The folder for the files. Default: the current one.",
)
@click.option("--force", is_flag=True, help="Replace files that were edited since they were pulled.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if files are missing, out of date, edited, or gone from the library.",
)
@click.option(
    "--server",
    metavar="URL",
    envvar=URL,
    help=f"The server. Default: {URL}, else {LOCAL}.",
)
@click.option("--token", metavar="TOKEN", envvar=TOKEN, help=f"The server's bearer token. Default: {TOKEN}.")
def pull(
    names: tuple[str, ...],
    tags: tuple[str, ...],
    everything: bool,
    defaults: bool,
    listing: bool,
    output: str,
    force: bool,
    check: bool,
    server: str | None,
    token: str | None,
) -> None:
    """Write workflows from a server's library to files.

    Choose them by name, id or tag. A file changes only when its workflow does. A workflow that is renamed on the server
    keeps its file. If a file to be changed was edited since it was pulled, nothing is written, and the exit status is
    3.

    \b
    Examples:
      invokable pull --list --server http://gpu:9090
      invokable pull "Portrait" "Text to Image" -o workflows/
      invokable pull --all -o workflows/ --check
    """
    if not (names or tags or everything or listing):
        raise click.UsageError("name workflows, or use --tag or --all; --list shows the library")
    server = server or LOCAL
    wanted = {"names": names, "tags": tags, "everything": everything, "defaults": defaults}
    try:
        with client_of(server, token or None) as client:
            status = _list(client) if listing else _pull(client, wanted, Path(output), force=force, check=check)
    except InvokableError as error:
        raise BuildError.of_server(server, error) from None
    click.get_current_context().exit(status)


def _pull(client: Any, wanted: Mapping[str, Any], folder: Path, *, force: bool, check: bool) -> int:
    files, library = read_files(folder), list(client.workflows.list())
    chosen, failures = choose(library, files, **wanted)
    if failures:
        return show_all(failures)
    pulled = place(folder, files, {one.id: client.workflows.get(one.id).document for one in chosen})
    refused = [one.refusal for one in pulled if one.edited]
    if refused and not (force or check):
        return show_all(refused)
    for one in pulled:
        if one.renamed:
            note(str(one.path), one.renamed)
        if not check:
            one.write()
        say(f"{one.path}: {_checked(one) if check else one.outcome}")
    gone = list(left_over(files, library)) if wanted["everything"] else []
    for file in gone:
        note(str(file.path), "its workflow is no longer in the library")
    stale = any(one.stale for one in pulled) or any(file.was_pulled for file in gone)
    return Status.DRIFT if check and stale else Status.FINE


def _checked(one: Pulled) -> str:
    if one.before is None:
        return "missing"
    return "edited" if one.edited else "out of date" if one.stale else "unchanged"


def _list(client: Any) -> int:
    rows = [(one.name, ", ".join(one.tags), one.category, one.id) for one in client.workflows.list()]
    print_table(("Name", "Tags", "Category", "Id"), sorted(rows))
    return Status.FINE
