"""The simulator's openapi.json reproduces the schema that it was made from."""

from __future__ import annotations

import json

import pytest

from invokable import Client
from invokable.schema import load, parse_openapi, versions
from invokable.testing.class_names import class_name
from invokable.testing.web.openapi import document
from tests.codegen.fuzz import with_dynamic_inputs
from tests.effort import slow_among
from tests.examples import imported, workflow_class
from tests.testing.asking import Asking

CHOSEN = {versions()[0], "6.8.1", versions()[-1]}
"""The oldest, the newest, and the oldest whose contract is tested."""


@pytest.mark.parametrize("version", slow_among(versions(), {*versions()} - CHOSEN))
def test_every_version_reads_back_node_for_node(version: str) -> None:
    schema = load(version)

    read = parse_openapi(json.loads(json.dumps(document(schema))), origin="bundled", version=version)

    assert list(read.nodes) == sorted(schema.nodes, key=lambda name: class_name("invocation", name))
    for node_type, node in schema.nodes.items():
        assert read.nodes[node_type] == node
        assert list(read.nodes[node_type].inputs) == list(node.inputs)
    assert (read.model_bases, read.model_types) == (schema.model_bases, schema.model_types)
    assert read.submodel_types == schema.submodel_types


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("invocation", "add", "AddInvocation"),
        ("invocation", "img_blur", "ImageBlurInvocation"),
        ("invocation", "lblend", "BlendLatentsInvocation"),
        ("output", "image_output", "ImageOutput"),
        ("output", "collect_output", "CollectInvocationOutput"),
    ],
)
def test_components_have_the_names_of_the_server(kind: str, name: str, expected: str) -> None:
    assert class_name(kind, name) == expected


def test_every_reference_leads_somewhere(ask: Asking) -> None:
    answered = ask.get("/openapi.json")
    components = answered["components"]["schemas"]

    refs = {part.partition('"')[0] for part in json.dumps(answered).split('"$ref": "')[1:]}

    assert {ref.removeprefix("#/components/schemas/") for ref in refs} <= set(components)
    assert "/api/v1/queue/{queue_id}/enqueue_batch" in answered["paths"]


def test_a_module_that_calls_a_saved_workflow_fits(invokable_client: Client) -> None:
    assert invokable_client.check(workflow_class(imported(with_dynamic_inputs()))) == []
