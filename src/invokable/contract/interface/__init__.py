"""Interface: what callers see of a generated module, and what its changes break.

    module text ──── source ──┐
                              ├─▶ Interface ─┐
    map file ──────── mapfile ┘              ├─ compare ─▶ Drift ─ rules ─▶ compatible or breaking
                              other Interface ┘

model      Interface, its inputs and outputs        accepted  what an input accepts, from its annotation
compare    two interfaces → changes                 fits      whether one input accepts all that another does
rules      each kind of change, and whom it breaks  drift     the changes, the verdict, and both in words
"""

from invokable.contract.interface.compare import compare
from invokable.contract.interface.drift import Drift
from invokable.contract.interface.mapfile import read_map, write_map
from invokable.contract.interface.model import Input, Interface, InterfaceError, Output
from invokable.contract.interface.rules import Change
from invokable.contract.interface.source import carried_workflow, read_module

__all__ = [
    "Change",
    "Drift",
    "Input",
    "Interface",
    "InterfaceError",
    "Output",
    "carried_workflow",
    "compare",
    "read_map",
    "read_module",
    "write_map",
]
