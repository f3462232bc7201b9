"""A node pack with its own field type and output type, on a real server: generating, running and reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from invokable import Client, NodeOutput, Policy, ValidationError
from invokable.codegen import Options
from invokable.codegen.plan import Naming
from invokable.schema import parse_openapi
from tests.examples import add_field, add_node, example, imported
from tests.live.provision import Server, live_server

PACK: Final = """
from pydantic import BaseModel

from invokeai.invocation_api import (
    BaseInvocation, BaseInvocationOutput, InputField, InvocationContext, OutputField, invocation, invocation_output,
)


class PaletteField(BaseModel):
    colours: list[str]


@invocation_output("palette_output")
class PaletteOutput(BaseInvocationOutput):
    palette: PaletteField = OutputField(description="Some colours")
    count: int = OutputField(description="How many they are")


@invocation("make_palette", title="Make Palette", category="colour", version="1.0.0")
class MakePalette(BaseInvocation):
    count: int = InputField(default=2, ge=1, le=9, description="How many colours")

    def invoke(self, context: InvocationContext) -> PaletteOutput:
        colours = [f"#{number}{number}{number}" for number in range(self.count)]
        return PaletteOutput(palette=PaletteField(colours=colours), count=self.count)
"""


@dataclass(frozen=True)
class Palette:
    """Colors in a program's own class."""

    colours: tuple[str, ...]

    @classmethod
    def of(cls, output: NodeOutput) -> Palette:
        colours = output.values["palette"]["colours"]
        if len(colours) != output.values["count"]:
            raise ValueError("the count does not match the colors")
        return cls(tuple(colours))


@pytest.fixture(scope="module")
def packed() -> Iterator[Server]:
    with live_server(node_packs={"palettes": PACK}, quick=True) as server:
        yield server


@pytest.fixture(scope="module")
def painted(packed: Server) -> Any:
    """A module generated with the server's schema from a workflow with a node of the pack."""
    document = example("colour_card.json")
    document["name"] = "Painted"
    add_node(document, "mix", "make_palette", version="1.0.0", count=3)
    add_field(document, "mix", "count")
    schema = parse_openapi(packed.get("/openapi.json"), origin=packed.url, version=packed.version)
    return imported(document, Options(naming=Naming(nodes={"mix": "palette"})), schema)


def test_an_output_of_a_pack_is_converted_into_a_programs_own_value(
    packed: Server, painted: Any, connect: Callable[..., Client], stamp: Path
) -> None:
    flow = painted.Painted(stamp=stamp, width=64, height=64)
    with connect(packed.url) as client:
        assert client.run(flow, timeout=120).palette == {"colours": ["#000", "#111", "#222"]}
    with connect(packed.url, policy=Policy(outputs={"palette_output": Palette.of})) as client:
        result = client.run(flow.replace(count=2), timeout=120)
    assert result.palette == Palette(("#000", "#111"))
    assert [output.value for output in result.by_node["mix"]] == [result.palette]
    assert result.card.width == 64


def test_limits_of_a_packs_node_hold(painted: Any) -> None:
    with pytest.raises(ValidationError, match="10 is more than 9"):
        painted.Painted(stamp="a.png", count=10)
