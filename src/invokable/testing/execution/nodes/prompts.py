"""Prompts: variants in braces, and prompts from a file."""

from __future__ import annotations

from pathlib import Path

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.execution.seeds import random_for
from invokable.testing.execution.services import NodeError
from invokable.testing.prompts import PromptError, PromptSyntaxError, all_of, some_of


@node("prompt_from_file")
def prompt_from_file(run: NodeRun) -> Fields:
    """Read prompts, one per line, from a file on the machine that runs the nodes."""
    path = Path(run["file_path"])
    if not path.is_file():
        raise NodeError("FileNotFoundError", f"[Errno 2] No such file or directory: '{path}'")
    lines = path.read_text(encoding="utf-8").splitlines()[run["start_line"] - 1 :]
    wanted = lines[: run["max_prompts"]] if run["max_prompts"] > 0 else lines
    before, after = run["pre_prompt"] or "", run["post_prompt"] or ""
    return {"collection": [f"{before}{line.strip()}{after}" for line in wanted]}


@node("prompt_template")
def prompt_template(run: NodeRun) -> Fields:
    """Pass the prompts on, as there are no style presets here."""
    return {"positive_prompt": run["positive_prompt"], "negative_prompt": run["negative_prompt"]}


@node("dynamic_prompt")
def dynamic_prompt(run: NodeRun) -> Fields:
    """Make prompts from the variants in braces: every combination in order, or random ones."""
    text, limit = run["prompt"], run["max_prompts"]
    try:
        if run["combinatorial"]:
            return {"collection": all_of(text, limit)}
        return {"collection": some_of(text, limit, random_for("dynamic prompt", run["id"], text).getrandbits(32))}
    except PromptSyntaxError as error:
        raise NodeError("ParseException", str(error)) from error
    except PromptError as error:
        raise NodeError("ValueError", str(error)) from error
