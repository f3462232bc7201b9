"""Drift: what an edit of a workflow, or an upgrade of InvokeAI, changes for the callers of its module.

name ── material ──▶ workflow, module or map ── interfaces ──▶ two Interfaces ── compare ──▶ Drift ── reports
                                                                             (contract/interface)
two schemas ── upgrade ──▶ nodes that changed, and a Drift for each module
"""

from invokable.codegen.drift.interfaces import Comparison, compare_files, interface_of, workflow_interface
from invokable.codegen.drift.material import Material, read_material
from invokable.codegen.drift.upgrade import Upgrade, UpgradedModule, find_modules, upgrade
from invokable.codegen.failures import BuildError

__all__ = [
    "BuildError",
    "Comparison",
    "Material",
    "Upgrade",
    "UpgradedModule",
    "compare_files",
    "find_modules",
    "interface_of",
    "read_material",
    "upgrade",
    "workflow_interface",
]
