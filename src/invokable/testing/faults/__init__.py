"""Simulated faults, as data: a plan of faults can be stored, sent, and generated from a seed."""

from invokable.testing.faults.plan import KINDS, Fault, FaultPlan

__all__ = ["KINDS", "Fault", "FaultPlan"]
