"""Workflows exported from InvokeAI's editor: from the bytes of a file to its form, graph and batches."""

from invokable.workflow.document import read_bytes, read_document
from invokable.workflow.errors import Warning_, WorkflowFileError
from invokable.workflow.model import ParsedWorkflow
from invokable.workflow.pipeline import node_versions, read_workflow
from invokable.workflow.reading import (
    BatchDatum,
    BatchGroup,
    FormInput,
    OutlineItem,
    Reading,
)

__all__ = [
    "BatchDatum",
    "BatchGroup",
    "FormInput",
    "OutlineItem",
    "ParsedWorkflow",
    "Reading",
    "Warning_",
    "WorkflowFileError",
    "node_versions",
    "read_bytes",
    "read_document",
    "read_workflow",
]
