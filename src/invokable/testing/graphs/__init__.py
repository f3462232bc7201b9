"""What the server refuses of a batch, and how it writes down what it takes.

batch ─ fields of the batch ─ data ─ graph: nodes ─ values, edges ─ workflow
"""

from invokable.testing.graphs.batch_rules import read_batch
from invokable.testing.graphs.values import Reader

__all__ = ["Reader", "read_batch"]
