"""What goes wrong, as data: a plan of faults can be kept, sent and drawn from a seed."""

from invokable.testing.faults.plan import KINDS, Fault, FaultPlan

__all__ = ["KINDS", "Fault", "FaultPlan"]
