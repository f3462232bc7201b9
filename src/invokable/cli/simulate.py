"""invokable simulate: serve the simulator, for developing without a GPU."""

from __future__ import annotations

import signal
import threading
from errno import EADDRINUSE

import click

from invokable.cli import completing
from invokable.cli.errors import say
from invokable.codegen.failures import BuildError
from invokable.contract.server import HOST, NEWEST, PORT


@click.command()
@click.option("--host", default=HOST, show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="The port; 0 picks a free one."
)
@click.option(
    "--version",
    "version_",
    metavar="VERSION",
    shell_complete=completing.versions,
    default=NEWEST,
    show_default=True,
    help="The InvokeAI version to simulate.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME:BASE:TYPE",
    help="A model on the server, such as dreamshaper:sd-1:main; repeatable. Default: a few of each kind.",
)
@click.option("--speed", default=0.0, show_default=True, help="Seconds for each node and each of its steps.")
def simulate(host: str, port: int, version_: str, models: tuple[str, ...], speed: float) -> None:
    """Serve a simulated InvokeAI server until Ctrl-C.

    It accepts workflows, runs them without models, and makes images that show their inputs.

    \b
    Example:
      invokable simulate --port 9090 --speed 0.1
    """
    try:
        _serve(host, port, version_, [_model(text) for text in models] or None, speed)
    except OSError as error:
        message = f"cannot listen: {error.strerror or error}"
        hint = "choose another --port; 0 picks a free one" if error.errno == EADDRINUSE else None
        raise BuildError(f"{host}:{port}", message, suggestion=hint, kind="server") from None
    except (ImportError, ValueError) as error:
        raise BuildError("simulate", str(error)) from None


def _serve(host: str, port: int, version: str, models: list[dict[str, str]] | None, speed: float) -> None:
    from invokable.schema import SchemaError
    from invokable.testing import Simulator

    stop = threading.Event()
    try:
        simulator = Simulator(version, models=models, speed=speed)
    except SchemaError as error:
        raise BuildError(f"--version {version}", str(error)) from None
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with simulator:
        say(f"simulating InvokeAI {version} at {simulator.serve(host, port)} (Ctrl-C stops it)")
        stop.wait()


def _model(text: str) -> dict[str, str]:
    parts = text.rsplit(":", 2)
    if len(parts) != 3 or not all(parts):
        raise BuildError(f"--model {text}", "expected NAME:BASE:TYPE, such as dreamshaper:sd-1:main")
    return dict(zip(("name", "base", "type"), parts, strict=True))
