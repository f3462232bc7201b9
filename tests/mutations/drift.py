"""Faults of the verdict: what an edit or an upgrade breaks."""

from __future__ import annotations

from typing import Final

from tests.mutations import Mutation

INTERFACE: Final = "src/invokable/contract/interface/"
FITS: Final = ("tests/drift/test_fits.py",)
COMPARED: Final = ("tests/drift/test_compare.py",)

MUTATIONS: Final = (
    Mutation(
        "a limit that excludes its end counts as one that includes it",
        f"{INTERFACE}fits.py",
        "return not opened and _step_fits",
        "return _step_fits",
        FITS,
    ),
    Mutation(
        "a list of other items counts as the same list",
        f"{INTERFACE}fits.py",
        'if other.base != "JsonValue" and one.base != other.base:',
        "if False:",
        FITS,
    ),
    Mutation(
        "None goes unnoticed",
        f"{INTERFACE}fits.py",
        "if given.none and not taking.none and not anything:",
        "if False:",
        FITS,
    ),
    Mutation(
        "an input that moved goes unnoticed",
        f"{INTERFACE}compare.py",
        "if not set(old.indices) <= set(new.indices):",
        "if False:",
        COMPARED,
    ),
    Mutation(
        "an attribute that was renamed counts as gone and new",
        f"{INTERFACE}compare.py",
        "by_key.get(pin.key) or fresh.pop",
        "fresh.pop",
        COMPARED,
    ),
    Mutation(
        "an alias that stands for other choices goes unnoticed",
        f"{INTERFACE}compare.py",
        "if misfits(read_takes(named), new.takes):",
        "if False:",
        COMPARED,
    ),
    Mutation(
        "a map that was edited is believed",
        f"{INTERFACE}mapfile.py",
        "if said != _checksum(document):",
        "if False:",
        ("tests/cli/test_map.py::test_an_edited_map_is_refused",),
    ),
    Mutation(
        "what breaks callers ends with 0",
        "src/invokable/cli/diff.py",
        "Status.DRIFT if broken else Status.FINE",
        "Status.FINE",
        ("tests/cli/test_diff.py::test_a_change_that_breaks_callers_ends_with_1_and_says_why",),
    ),
    Mutation(
        "a module that can no longer be generated breaks nobody",
        "src/invokable/codegen/drift/upgrade.py",
        "breaking=failed is later",
        "breaking=False",
        ("tests/cli/test_schema.py::test_an_upgrade_says_module_by_module_what_breaks",),
    ),
)
