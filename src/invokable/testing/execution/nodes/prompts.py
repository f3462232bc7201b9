"""Prompts: variants in braces, and prompts from a file."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.execution.seeds import random_for
from invokable.testing.execution.services import NodeError


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
    if run["combinatorial"]:
        _refuse_wildcards(_parsed(text))
        return {"collection": list(itertools.islice(_all(_parsed(text)), limit))}
    rng = random_for("dynamic prompt", run["id"], text)
    return {"collection": [_any(_parsed(text), rng) for _ in range(limit)]}


@dataclass(frozen=True, slots=True)
class _Variants:
    """`{2$$ and $$red|green|0.5::blue}`: the number of options, the separator, and the options."""

    options: tuple[_Sequence, ...]
    weights: tuple[float, ...]
    counts: range
    joint: str


_Sequence = tuple["str | _Variants", ...]
_COUNTED: Final = re.compile(r"(\d+)?(-)?(\d+)?\$\$(?:([^$|{}]*)\$\$)?")
_WILDCARD: Final = re.compile(r"__([^_\s][^\s]*?)__")
_WEIGHT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)::")


def _refuse_wildcards(sequence: _Sequence) -> None:
    """Raise ValueError if an option is a wildcard: like a new server, this one has no word lists."""
    options = [option for part in sequence if isinstance(part, _Variants) for option in part.options]
    texts = [part for option in options for part in option if isinstance(part, str)]
    if missing := [name for text in texts for name in _WILDCARD.findall(text)]:
        raise ValueError(f"No values found for wildcard(s): {', '.join(missing)}")
    for option in options:
        _refuse_wildcards(option)


def _parsed(text: str) -> _Sequence:
    parts: list[str | _Variants] = []
    while (start := text.find("{")) >= 0 and (end := _closing(text, start)) > 0:
        parts += [text[:start], _variants(text[start + 1 : end])]
        text = text[end + 1 :]
    return (*parts, text)


def _closing(text: str, start: int) -> int:
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
    return -1


def _variants(text: str) -> _Variants:
    counts, joint = range(1, 2), ","
    if counted := _COUNTED.match(text):
        low, dash, high, between = counted.groups()
        least = int(low or 1)
        counts = range(least, int(high or least) + 1 if dash else least + 1)
        joint = between if between is not None else ","
        text = text[counted.end() :]
    options = [(_WEIGHT.match(option), option) for option in _split(text)]
    return _Variants(
        options=tuple(_parsed(option[weight.end() :] if weight else option) for weight, option in options),
        weights=tuple(float(weight[1]) if weight else 1.0 for weight, _ in options),
        counts=counts,
        joint=joint,
    )


def _split(text: str) -> list[str]:
    options, depth = [""], 0
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "|" and not depth:
            options.append("")
        else:
            options[-1] += char
    return options


def _all(sequence: _Sequence) -> Iterator[str]:
    choices = [[part] if isinstance(part, str) else list(_choices(part)) for part in sequence]
    return ("".join(chosen) for chosen in itertools.product(*choices))


def _choices(variants: _Variants) -> Iterator[str]:
    for count in variants.counts:
        for options in itertools.permutations(variants.options, count):
            for texts in itertools.product(*(list(_all(option)) for option in options)):
                yield variants.joint.join(texts)


def _any(sequence: _Sequence, rng: random.Random) -> str:
    return "".join(part if isinstance(part, str) else _one(part, rng) for part in sequence)


def _one(variants: _Variants, rng: random.Random) -> str:
    left = list(zip(variants.options, variants.weights, strict=True))
    chosen = []
    for _ in range(min(rng.choice(variants.counts), len(left))):
        option = rng.choices(left, [weight for _, weight in left])[0]
        left.remove(option)
        chosen.append(_any(option[0], rng))
    return variants.joint.join(chosen)
