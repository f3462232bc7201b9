"""Generate the blocking client from the asynchronous one: `python -m tests.unasync`.

`runtime/client/_async` is the source, including docstrings; `runtime/client/_sync` has the same modules with some words
replaced. The two `concurrency.py` do the same in two ways, and are both written by hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.examples import ROOT

CLIENT = ROOT / "src" / "invokable" / "runtime" / "client"
BY_HAND = "concurrency.py"
SORT = ["check", "--quiet", "--select", "I", "--fix-only", "--config", 'lint.isort.known-first-party=["invokable"]']
WORDS = {
    r"\basync (def|for|with) ": r"\1 ",
    r"\bawait ": "",
    r"\bAsync([A-Z])": r"\1",
    r"\bany number of tasks\b": "any number of threads",
    r", and in one event loop after another:\s+of asyncio, also with uvloop, but not of trio\b": "",
    r"\bAwaitable\[([^\[\]]*)\]": r"\1",
    r"\bAwaitable, ": "",
    r"\bCoroutine\[Any, Any, ([^\[\]]*)\]": r"\1",
    r"\b_async\b": "_sync",
    r"\baclose\b": "close",
    r"\baclosing\b": "closing",
    r"__a(enter|exit|iter|next)__": r"__\1__",
    r"\bStopAsyncIteration\b": "StopIteration",
    r"The asynchronous client: .*\.\"\"\"": 'The blocking client, made of `_async` by `python -m tests.unasync`."""',
}


def blocking(text: str) -> str:
    """The text of a module for the blocking client, not laid out yet."""
    for pattern, words in WORDS.items():
        text = re.sub(pattern, words, text)
    return text


def modules() -> dict[Path, str]:
    """The text of each generated module."""
    source = CLIENT / "_async"
    paths = sorted(path.relative_to(source) for path in source.rglob("*.py") if path.name != BY_HAND)
    with TemporaryDirectory() as folder:
        made = {CLIENT / "_sync" / path: Path(folder, path) for path in paths}
        for path, place in zip(paths, made.values(), strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(blocking((source / path).read_text(encoding="utf-8")), encoding="utf-8")
        for tool in (SORT, ["format", "--quiet"]):
            command = [sys.executable, "-m", "ruff", *tool, "--config", str(ROOT / "pyproject.toml"), folder]
            subprocess.run(command, check=True, cwd=ROOT)
        return {path: place.read_text(encoding="utf-8") for path, place in made.items()}


if __name__ == "__main__":
    for path, text in modules().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
