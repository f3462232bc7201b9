"""Deliberate faults: each is put into a copy of the source, and the tests that are named with it have to notice.

    python -m tests.mutations [WORD…]     tries all faults, or those whose file or fault contains a word

A fault that no test notices is a survivor. The lists are data, a module each with `MUTATIONS`, such as `codegen.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """A fault, as an exchange of text in one file."""

    fault: str
    """What a user would see."""
    file: str
    """Below the repository's root."""
    old: str
    """The text to take out; it stands in the file exactly once."""
    new: str
    tests: tuple[str, ...]
    """The tests that have to fail, as pytest names them."""
