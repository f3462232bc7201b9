"""Print the checksums of many generated modules, to compare Python versions.

python -m tests.codegen.digest
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from invokable.codegen import Options, generate_module
from invokable.schema import load
from invokable.workflow import WorkflowFileError, read_document
from tests.codegen.hostile import HOSTILE, poisoned
from tests.examples import SHARED, WORKFLOWS


def documents() -> Iterator[tuple[str, Any]]:
    """The examples, an example filled with each hostile text, and the corpus if available, each with a name."""
    for path in [*WORKFLOWS.glob("*.json"), *(SHARED / "corpus").glob("*/workflow.json")]:
        try:
            yield f"{path.parent.name}/{path.name}", read_document(path.read_bytes())
        except WorkflowFileError:
            continue
    for name, text in HOSTILE.items():
        yield f"hostile/{name}", poisoned(text)


def digests() -> dict[str, str]:
    """The SHA-256 of each module, by the name of its document; `refused` without a module."""
    found = {}
    schema = load("6.14.2")
    for name, document in documents():
        try:
            text = generate_module(document, schema, source="flow.json", options=Options(lenient=True)).text
        except WorkflowFileError:
            found[name] = "refused"
        else:
            found[name] = sha256(text.encode("utf-8")).hexdigest()
    return found


if __name__ == "__main__":
    print(json.dumps(digests()))
