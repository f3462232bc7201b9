"""Any texts: a module that `generate` wrote with status 0 works, and checkers report nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codegen.wording import problems, write_modules


def test_a_module_that_was_written_can_be_imported_and_filled(tmp_path: Path) -> None:
    names = write_modules(12, 0, tmp_path)
    assert len(names) > 3
    assert list(problems(tmp_path, names, checkers=False)) == []


@pytest.mark.slow
def test_no_checker_has_anything_to_say(tmp_path: Path) -> None:
    names = write_modules(150, 1, tmp_path)
    assert len(names) > 40
    assert list(problems(tmp_path, names)) == []
