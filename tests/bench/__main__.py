"""Print how long importing, reading and substituting take, each beside a reference."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from generated_examples.colour_card import ColourCard
from PIL import Image

from invokable import Workflow
from invokable.codegen import plan_document
from invokable.runtime.steps.runs.substitution import substitute, wire_values
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from invokable.testing import Simulator
from invokable.workflow import read_workflow
from tests.examples import MODULES, SHARED, WORKFLOWS, add_edge, add_field, add_node, example, imported


def main() -> None:
    """Run every measurement."""
    measure_import()
    measure_simulator()
    measure_construction()
    measure_reading()
    measure_growth()


def measure_import() -> None:
    """Importing a generated module compared with bare Python, alternating, in separate processes."""
    scripts = {
        "bare Python": "pass",
        "dataclasses and typing": "import dataclasses, typing, json",
        "colour_card": "import colour_card",
        "sd15_text_to_image": "import sd15_text_to_image",
    }
    times: dict[str, list[float]] = {name: [] for name in scripts}
    for _ in range(25):
        for name, script in scripts.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], cwd=MODULES, check=True)
            times[name].append(time.perf_counter() - begin)
    bare = statistics.median(times["bare Python"])
    for name, measured in times.items():
        median = statistics.median(measured)
        over = f"{(median - bare) * 1e3:+6.1f} ms over bare, {median / bare:.2f} times"
        print(f"import {name:<24} {median * 1e3:7.1f} ms   {over}")


def measure_simulator() -> None:
    """The time until the first answer of a simulator, and 5,000 jobs on it, beside importing its libraries."""
    scripts = {
        "httpx, pydantic, starlette": "import httpx, pydantic, starlette.applications, PIL.Image",
        "first answer of a simulator": "from invokable.testing import Simulator\n"
        "with Simulator() as server: server.client().version()",
    }
    times = {name: best_process(script) for name, script in scripts.items()}
    first = times["first answer of a simulator"]
    over = first / times["httpx, pydantic, starlette"]
    print(f"first answer of a simulator     {first * 1e3:7.0f} ms   {over:.1f} times the import of its libraries")
    with Simulator() as server, server.client() as client:
        stamp = client.upload(server_stamp())
        begin = time.perf_counter()
        jobs = [client.submit(ColourCard(stamp=stamp, width=64, height=64, left=number)) for number in range(1000)]
        jobs[-1].result(timeout=600)
        seconds = time.perf_counter() - begin
    print(f"1,000 cards, submitted singly   {seconds:7.1f} s    {seconds:.1f} ms each, the client's work included")


def best_process(script: str, repeat: int = 5) -> float:
    """The time of the fastest of several processes, in seconds."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], check=True)
        times.append(time.perf_counter() - begin)
    return min(times)


def server_stamp() -> bytes:
    """A small picture."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (250, 200, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def measure_construction() -> None:
    """Creating a workflow with 30 inputs, and putting its values into the graph, warm."""
    document = chain(30 - 9)  # the example has nine inputs
    for number in range(30 - 9):
        add_field(document, f"n{number}", "b")
    flow_class = imported(document).ColourCard
    values = {attribute: number for number, attribute in enumerate(flow_class.__annotations__) if attribute[0] == "b"}
    values = {name: value for name, value in values.items() if name != "board" and name != "blur_type"}

    def make() -> Workflow:
        made: Workflow = flow_class(stamp="a.png", **values)
        return made

    flow = make()
    assert len(list(flow)) == 30
    resolved = {"stamp": {"image_name": "a.png"}}
    text = json.dumps(pins_of(flow_class).graph)
    made, put, parsed = (
        best(action)
        for action in (
            make,
            lambda: substitute(pins_of(flow_class), wire_values(flow, resolved)),
            lambda: json.loads(text),
        )
    )
    print(f"construct, 30 inputs            {made * 1e6:7.0f} µs   {made / parsed:.1f} times json.loads of the graph")
    print(f"substitute, 30 inputs           {put * 1e6:7.0f} µs   {put / parsed:.1f} times json.loads of the graph")


def measure_reading() -> None:
    """Planning every workflow of the corpus, or else the examples, beside parsing their JSON."""
    corpus = SHARED / "corpus"
    paths = sorted(corpus.glob("default-*/workflow.json")) if corpus.is_dir() else sorted(WORKFLOWS.glob("*.json"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    schema = load("6.14.2")
    parsed = best(lambda: [json.loads(text) for text in texts])
    documents = [json.loads(text) for text in texts]

    def plan() -> None:
        for document in documents:
            read_workflow(document, schema, lenient=True)

    read = best(plan, repeat=3)
    print(f"read {len(paths):>2} workflows               {read * 1e3:7.0f} ms   {read / parsed:.0f} times json.loads")


def measure_growth() -> None:
    """Reading a chain of ten times as many nodes: linear growth is ten times the time."""
    schema = load("6.14.2")
    times = {}
    for size in (500, 5000):
        document = chain(size)
        times[size] = best(lambda: plan_document(document, schema, source="chain.json"), repeat=3)  # noqa: B023
    print(
        f"plan 5000 nodes                 {times[5000] * 1e3:7.0f} ms   {times[5000] / times[500]:.1f} times 500 nodes"
    )


def chain(size: int) -> Any:
    """An example with a chain of additions."""
    document = example("colour_card.json")
    for number in range(size):
        add_node(document, f"n{number}", "add", version="1.0.1", a=number, b=1)
        if number:
            add_edge(document, f"n{number - 1}", "value", f"n{number}", "a")
    return document


def best(action: Callable[[], object], repeat: int = 50) -> float:
    """The time of the fastest of several runs, in seconds, after one to warm up."""
    action()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        action()
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    main()
