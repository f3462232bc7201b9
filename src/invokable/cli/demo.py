"""invokable demo: a workflow, its module and its images, on the simulator or on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from invokable.cli import completing
from invokable.cli.errors import say_text
from invokable.cli.running.progress import progress_bar
from invokable.cli.servers import client_of
from invokable.codegen.failures import BuildError
from invokable.contract.server import TOKEN

if TYPE_CHECKING:
    from invokable import Client
    from invokable.demo import Files


@click.command()
@click.option("--server", metavar="URL", help="Run on this InvokeAI server instead of the simulator.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    shell_complete=completing.folders,
    default="invokable-demo",
    show_default=True,
    help="The folder for the demo's files.",
)
def demo(server: str | None, output: str) -> None:
    """Generate and run a bundled workflow.

    Without --server, it runs on the built-in simulator, which needs no GPU or network.

    \b
    Examples:
      invokable demo
      invokable demo --server http://127.0.0.1:9090
    """
    with _failures(server or "demo"):
        _tell(Path(output), server)


def _tell(folder: Path, server: str | None) -> None:
    from invokable import demo

    with _connected(server) as client:
        scene = demo.scene_for([model.config for model in client.models.list()])
        files = demo.write(scene, folder, server=server)
        say_text(f"1  A workflow, as InvokeAI's editor exports it: {files.workflow}")
        say_text(f"2  The module made of it: {files.module}\n")
        _describe(files)
        say_text(f"3  Its {len(scene.runs)} runs on {server or 'the simulator'}; the first one:\n")
        say_text(f"   result = client.run({demo.call_of(scene, files)})")
        say_text(f'   result.{scene.output}.save("images/")\n')
        images = _run(client, demo.flows(scene, files), scene.output, folder / "images")
    for image in images:
        say_text(f"   {image}")
    say_text(f"\nNext: open {images[0]}, read {files.module}, then\n")
    say_text(f"   cd {folder} && python {files.script.name}      # change its values and run it again")
    say_text("   invokable show YOUR_WORKFLOW.json       # the inputs and outputs of a workflow of yours")
    say_text("   invokable run YOUR_WORKFLOW.json        # run it without writing its module")
    say_text("   invokable generate YOUR_WORKFLOW.json   # write its module")
    if server is None:
        say_text("   invokable demo --server http://127.0.0.1:9090   # the same on a real server")


def _describe(files: Files) -> None:
    width = max(len(planned.attribute) for planned in files.plan.inputs)
    for planned in files.plan.inputs:
        say_text(f"   {planned.item.index:>3}  {planned.attribute:<{width}}  {planned.type.summary}")
    for found in files.plan.outputs:
        say_text(f"   gives {files.plan.class_name}.Result.{found.attribute}\n")


def _run(client: Client, flows: list[Any], output: str, folder: Path) -> list[Path]:
    images = []
    for number, flow in enumerate(flows, start=1):
        with progress_bar(shown=True) as watch:
            picture = getattr(client.run(flow, on_progress=watch), output)
        images.append(picture.save(folder / f"picture-{number}.png"))
    return images


@contextmanager
def _connected(server: str | None) -> Iterator[Client]:
    if server is not None:
        with client_of(server, None, token_from=TOKEN) as client:
            yield client
        return
    from invokable.testing import Simulator

    with Simulator(speed=0.01) as simulator:
        simulator.serve()  # events need a port
        yield simulator.client()


@contextmanager
def _failures(where: str) -> Iterator[None]:
    from invokable import InvokableError
    from invokable.codegen import RefusedError

    try:
        yield
    except InvokableError as error:
        raise BuildError.of_server(where, error) from None
    except RefusedError as error:
        raise BuildError(str(error.path), str(error), kind="refused") from None
    except OSError as error:
        raise BuildError.of_system(str(error.filename or where), error, "written") from None
    except ModuleNotFoundError:
        raise
    except (ImportError, ValueError) as error:
        raise BuildError(where, str(error)) from None
