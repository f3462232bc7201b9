"""Find another Python on this machine.

python -m tests.pythons 3.12      prints its path, or exits with 1
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

VERSIONS: Final = ("3.11", "3.12", "3.13", "3.14", "3.15")
"""The supported versions."""


def interpreter(version: str) -> str | None:
    """A Python of that version, on the PATH or installed by pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    on_path = shutil.which(f"python{version}")
    candidates = [
        *([on_path] if on_path else []),
        *map(str, sorted((pyenv / "versions").glob(f"{version}.*/bin/python"))),
    ]
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", script], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:  # pyenv's shims work only for active versions
            return candidate
    return None


if __name__ == "__main__":
    sys.exit(print(found) if (found := interpreter(sys.argv[1])) else 1)
