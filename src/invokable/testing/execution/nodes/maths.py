"""Arithmetic on integers and floats, and random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.execution.seeds import random_for


def _quotient(a: float, b: float) -> int:
    return int(a / b)


_INTEGER: Final[dict[str, Callable[[Any, Any], int]]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": _quotient,
    "EXP": lambda a, b: a**b,
    "MOD": lambda a, b: a % b,
    "ABS": lambda a, b: abs(a),
    "MIN": min,
    "MAX": max,
}

_FLOAT: Final[dict[str, Callable[[Any, Any], float]]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": lambda a, b: a / b,
    "EXP": lambda a, b: a**b,
    "ABS": lambda a, b: abs(a),
    "SQRT": lambda a, b: math.sqrt(a),
    "MIN": min,
    "MAX": max,
}

_ROUNDING: Final[dict[str, Callable[[float], int]]] = {
    "Nearest": round,
    "Floor": math.floor,
    "Ceiling": math.ceil,
    "Truncate": int,
}


@node("add")
def add(run: NodeRun) -> Fields:
    """Add two integers."""
    return {"value": run["a"] + run["b"]}


@node("sub")
def sub(run: NodeRun) -> Fields:
    """Subtract an integer from another."""
    return {"value": run["a"] - run["b"]}


@node("mul")
def mul(run: NodeRun) -> Fields:
    """Multiply two integers."""
    return {"value": run["a"] * run["b"]}


@node("div")
def div(run: NodeRun) -> Fields:
    """Divide two integers, towards zero."""
    return {"value": _quotient(run["a"], run["b"])}


@node("integer_math")
def integer_math(run: NodeRun) -> Fields:
    """Compute with two integers."""
    return {"value": _INTEGER[run["operation"]](run["a"], run["b"])}


@node("float_math")
def float_math(run: NodeRun) -> Fields:
    """Compute with two floats."""
    return {"value": float(_FLOAT[run["operation"]](run["a"], run["b"]))}


@node("float_to_int")
def float_to_int(run: NodeRun) -> Fields:
    """Round to a multiple of an integer."""
    multiple = run["multiple"]
    return {"value": _ROUNDING[run["method"]](run["value"] / multiple) * multiple}


@node("round_float")
def round_float(run: NodeRun) -> Fields:
    """Round to a number of decimals."""
    return {"value": round(run["value"], run["decimals"])}


@node("rand_int")
def rand_int(run: NodeRun) -> Fields:
    """Return an integer from low up to but excluding high, the same in every run of a session."""
    if run["low"] >= run["high"]:
        raise ValueError("low >= high")
    return {"value": random_for(run["id"]).randrange(run["low"], run["high"])}


@node("rand_float")
def rand_float(run: NodeRun) -> Fields:
    """Return a float between two others, the same in every run of a session."""
    return {"value": round(random_for(run["id"]).uniform(run["low"], run["high"]), run["decimals"])}
