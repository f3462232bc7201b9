"""The modules of the workflows that InvokeAI ships enforce every limit and every choice."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from invokable import Model, ValidationError
from invokable.codegen import plan_document
from invokable.schema import load
from invokable.workflow import WorkflowFileError
from tests.examples import SHARED, imported

SHIPPED = sorted((SHARED / "corpus").glob("default-*/workflow.json"))

pytestmark = pytest.mark.skipif(not SHIPPED, reason="the corpus is not here: ../shared/corpus")

_FILLERS: Any = {
    "ModelIdentifierField": Model(name="m"),
    "ImageField": "a.png",
    "VideoField": "a.mp4",
    "StringField": "text",
}


def beyond(limits: dict[str, float]) -> list[float]:
    """A value on the wrong side of each limit."""
    values = {
        "minimum": lambda bound: bound - 1,
        "maximum": lambda bound: bound + 1,
        "exclusive_minimum": lambda bound: bound,
        "exclusive_maximum": lambda bound: bound,
        "multiple_of": lambda bound: bound * 8 + 1,
    }
    # Every integer is a multiple of one.
    return [values[name](bound) for name, bound in limits.items() if (name, bound) != ("multiple_of", 1)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_a_value_beyond_a_limit_is_refused_by_its_index(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    try:
        plan = plan_document(document, load("6.14.2"), source="shipped.json")
    except WorkflowFileError:
        pytest.skip("stale as shipped: it uses nodes that 6.14.2 does not have")
    flow_class = getattr(imported(document), plan.class_name)
    required = {f.name for f in fields(flow_class) if f.default is MISSING and f.default_factory is MISSING}
    filled = {p.attribute: _FILLERS[p.item.template.type.name] for p in plan.inputs if p.attribute in required}
    flow = flow_class(**filled)
    for planned in plan.inputs:
        if planned.item.connected:
            continue
        wrong: list[object] = [*beyond(planned.limits)]
        if planned.type.choices:
            wrong.append("an invalid choice")
        for value in wrong:
            with pytest.raises(ValidationError) as caught:
                setattr(flow, planned.attribute, value)
            assert [problem.index for problem in caught.value.errors] == [planned.indices[0]]
