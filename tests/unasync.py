"""Make the blocking client of the asynchronous one: `python -m tests.unasync`.

`runtime/client/_async` is the source, docstrings included; `runtime/client/_sync` has each of its modules again, in
other words. The twins named below do the same in two ways, and are both written by hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.examples import ROOT

CLIENT = ROOT / "src" / "invokable" / "runtime" / "client"
BY_HAND = {"concurrency.py", "together.py"}
SORT = ["check", "--quiet", "--select", "I", "--fix-only", "--config", 'lint.isort.known-first-party=["invokable"]']
WORDS = {
    r"\basync (def|for|with) ": r"\1 ",
    r"\bawait ": "",
    r"\bAsync([A-Z])": r"\1",
    r"\bany number of tasks\b": "any number of threads",
    r", and from one event loop after another\b": "",
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
    """The text of a module for the blocking client."""
    for pattern, words in WORDS.items():
        text = re.sub(pattern, words, text)
    for tool in (SORT, ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *tool, "--stdin-filename", str(CLIENT / "_sync" / "module.py"), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


def modules() -> dict[Path, str]:
    """What each generated module is to hold."""
    source = CLIENT / "_async"
    paths = sorted(path.relative_to(source) for path in source.rglob("*.py") if path.name not in BY_HAND)
    return {CLIENT / "_sync" / path: blocking((source / path).read_text(encoding="utf-8")) for path in paths}


if __name__ == "__main__":
    for path, text in modules().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
