"""Which batches the server refuses, and how it stores those that it accepts.

batch ─ fields of the batch ─ data ─ graph: nodes ─ values, edges ─ workflow
"""

from invokable.testing.graphs.batch_rules import batch_schema
from invokable.testing.graphs.values import Reader

__all__ = ["Reader", "batch_schema"]
