"""Drift: what an edited workflow or an InvokeAI upgrade changes for the callers of its module.

name ── artifact ──▶ workflow, module or map ── interfaces ──▶ two Interfaces ── compare ──▶ Drift ── reports
         (git)                                                               (contract/interface)
two folders ── trees ──▶ matching files, and a Drift for each pair ── tree_reports
two schemas ── upgrade ──▶ nodes that changed, and a Drift for each module
"""

from invokable.codegen.drift.artifact import Artifact, read_artifact
from invokable.codegen.drift.interfaces import (
    Comparison,
    FoundInterface,
    compare_files,
    interface_of,
    workflow_interface,
)
from invokable.codegen.drift.trees import FileDrift, TreeComparison, are_trees, compare_trees
from invokable.codegen.drift.upgrade import Upgrade, UpgradedModule, find_modules, upgrade
from invokable.codegen.failures import BuildError

__all__ = [
    "Artifact",
    "BuildError",
    "Comparison",
    "FileDrift",
    "FoundInterface",
    "TreeComparison",
    "Upgrade",
    "UpgradedModule",
    "are_trees",
    "compare_files",
    "compare_trees",
    "find_modules",
    "interface_of",
    "read_artifact",
    "upgrade",
    "workflow_interface",
]
