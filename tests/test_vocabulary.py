"""The words of InvokeAI's fixed sets are those of the newest version."""

from __future__ import annotations

import gzip
import json
from typing import get_args

import pytest

from invokable.contract import vocabulary
from invokable.contract.server import NEWEST, STATES
from invokable.schema import load
from tests.examples import SHARED

OPENAPI = SHARED / "openapi" / f"{NEWEST}.json.gz"


def test_the_words_for_models_are_those_of_the_newest_schema() -> None:
    newest = load(NEWEST)
    assert set(get_args(vocabulary.ModelBase)) == newest.model_bases
    assert set(get_args(vocabulary.ModelType)) == newest.model_types


@pytest.mark.skipif(not OPENAPI.exists(), reason="needs the OpenAPI documents beside the repository")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("BoardVisibility", vocabulary.Visibility),
        ("ImageCategory", vocabulary.Category),
        ("ModelFormat", vocabulary.ModelFormat),
        ("ResourceOrigin", vocabulary.Origin),
        ("WorkflowCategory", vocabulary.WorkflowCategory),
    ],
)
def test_the_words_are_those_of_the_newest_server(name: str, words: object) -> None:
    schemas = json.loads(gzip.decompress(OPENAPI.read_bytes()))["components"]["schemas"]
    assert set(get_args(words)) == set(schemas[name]["enum"])
    assert set(STATES) == set(schemas["SessionQueueItem"]["properties"]["status"]["enum"])
