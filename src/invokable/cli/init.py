"""invokable init: write a commented [tool.invokable] table."""

from __future__ import annotations

from pathlib import Path

import click

from invokable.cli import completing
from invokable.cli.errors import say
from invokable.codegen import BuildError
from invokable.codegen.build.publish import FileChange, RefusedError, make_changes, read_text
from invokable.codegen.project.initial import AlreadyConfiguredError, initial_config
from invokable.contract.listing import counted


@click.command()
@click.argument("folder", default=".", shell_complete=completing.folders)
def init(folder: str) -> None:
    """Add a [tool.invokable] table to a pyproject.toml.

    The file is in FOLDER, by default the current one; if it does not exist, it is created. The table lists the
    workflows found below FOLDER, and has comments that explain the other settings.

    \b
    Example:
      invokable init && invokable generate
    """
    path = Path(folder) / "pyproject.toml"
    try:
        current = read_text(path)
        initial = initial_config(Path(folder), current)
        (change,) = make_changes([FileChange.of_text(path, current, initial.text)])
    except AlreadyConfiguredError:
        raise BuildError(str(path), "already has a [tool.invokable] table", kind="refused") from None
    except RefusedError as error:
        raise BuildError(str(path), str(error), kind="refused") from None
    except (ValueError, RecursionError) as error:
        raise BuildError(str(path), f"is not TOML: {error}") from None
    except OSError as error:
        raise BuildError.of_system(str(path), error, "written") from None
    say(f"{path}: {change.outcome}")
    count = len(initial.workflows)
    if count:
        outputs = ", ".join(initial.outputs)
        say(f"found {counted(count, 'workflow')}; modules go to {outputs}")
        say("next: invokable generate")
    else:
        say("found no workflows; export some, and list them in the table")
