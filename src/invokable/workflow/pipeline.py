"""Read a workflow, in the order in which the editor loads and enqueues one.

document ─ migrate ─ parse ─ edges ─ update ─ form ─┬─ inputs, outline
                                                    ├─ graph
                                                    └─ batches
"""

from __future__ import annotations

from invokable.schema.model import Schema
from invokable.workflow.batches import build_batches
from invokable.workflow.checks import (
    check_fields,
    check_fixed_values,
    check_form,
    check_ids,
    check_node_types,
    check_required,
    check_values,
    mark_dropped,
)
from invokable.workflow.edges import validate_edges
from invokable.workflow.errors import Findings
from invokable.workflow.graph import build_graph
from invokable.workflow.inputs import discover_form
from invokable.workflow.migrate import migrate
from invokable.workflow.parse import parse_workflow
from invokable.workflow.reading import Reading
from invokable.workflow.reconcile import adopt_exposed_fields, prune_form, rename_fields
from invokable.workflow.update import update_nodes
from invokable.workflow.wiring import fed_fields


def read_workflow(document: object, schema: Schema, *, lenient: bool = False) -> Reading:
    """Read a workflow of any export format as InvokeAI's editor would load and enqueue it.

    Args:
        document: The JSON of the workflow, see `read_document`.
        schema: The node templates to read it with.
        lenient: Leave out what the editor does not understand, as it does, with a warning.

    Raises:
        WorkflowFileError: The editor would refuse the file or, unless lenient, would silently change what it does: an
            unknown node type or field, an invalid edge, a form element without a field, a value that the editor does
            not understand, a node whose version is too old or too new.
    """
    findings = Findings(document, lenient=lenient)
    migration = migrate(document, schema)
    workflow = parse_workflow(migration.document, schema)
    mark_dropped(workflow, migration.dropped)
    check_ids(workflow, findings)
    check_form(workflow, findings)
    check_node_types(workflow, schema, findings)
    validate_edges(workflow, schema, findings)
    fed = fed_fields(workflow)
    check_values(workflow, schema, fed, findings)
    check_fields(workflow, schema, findings)
    update_nodes(workflow, schema, findings)
    rename_fields(workflow)
    adopt_exposed_fields(workflow, schema, findings)
    prune_form(workflow, schema, findings)
    inputs, outline = discover_form(workflow, schema, fed)
    given = fed.union((item.node_id, item.field) for item in inputs)
    check_required(workflow, schema, given, findings)
    check_fixed_values(workflow, schema, given, findings)
    return Reading(
        workflow=workflow,
        schema=schema,
        inputs=inputs,
        outline=outline,
        graph=build_graph(workflow, schema, findings),
        batches=build_batches(workflow, findings),
        warnings=findings.warnings,
    )


def node_versions(document: object) -> list[tuple[str, str]]:
    """Return the type and version of each node in a document, as far as known.

    Used to choose a schema before reading; a node without a version counts as 1.0.0.
    """
    nodes = document.get("nodes") if isinstance(document, dict) else None
    found = []
    for node in nodes if isinstance(nodes, list) else ():
        data = node.get("data") if isinstance(node, dict) else None
        if isinstance(data, dict) and node.get("type") == "invocation" and isinstance(data.get("type"), str):
            version = data.get("version")
            found.append((data["type"], version if isinstance(version, str) and version else "1.0.0"))
    return found
