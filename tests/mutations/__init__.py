"""Deliberate faults: each is put into a copy of the source, and its listed tests have to notice it.

    python -m tests.mutations [WORD…]     tries all faults, or those whose file or fault contains a word

A fault that no test notices is a survivor. The lists are data: each module here has its `MUTATIONS`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """A fault, as a replacement of text in a file."""

    fault: str
    """What a user would see."""
    file: str
    """Relative to the repository's root."""
    old: str
    """The text to replace, which occurs exactly once in the file."""
    new: str
    tests: tuple[str, ...]
    """The ids of the tests that have to fail."""
