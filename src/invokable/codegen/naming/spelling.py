"""Spelling: from text to the parts of a name.

All text is NFKC-normalized, without characters beyond the BMP, where Python versions differ about letters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from typing import Final
from unicodedata import normalize

from invokable.codegen.naming.reserved import is_reserved

MAX_LENGTH: Final = 60
_MAX_READ: Final = 1_000  # characters of a label; names are shorter
_ASIDE: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")  # "CFG scale (1-20)" is cfg_scale
_ADVICE: Final = re.compile(r"\s[-–—]\s+(?:choose|pick|select|use)\s.*", re.IGNORECASE)
""""ControlNet Model - Choose a Tile ControlNet" is controlnet_model."""
_BRACKETS: Final = re.compile(r"[(\[]\s*(?:(?:choose|pick|select|use)\s+)?|[)\]]", re.IGNORECASE)
""""Control Model (select canny)" is control_model_canny if there are several."""
_WITH: Final = re.compile(r"\bw/(?:(o)\b|(?=\s|\w\w))")


def words(text: str) -> list[str]:
    """The runs of letters and digits."""
    normal = _WITH.sub(lambda match: "without " if match[1] else "with ", normalize("NFKC", text[:_MAX_READ]))
    kept = "".join(c if c < "\U00010000" and c != "_" and f"a{c}".isidentifier() else " " for c in normal)
    return kept.split()


def without_asides(text: str) -> str:
    """A text without its parts in brackets and advice after a dash, unless nothing else is left."""
    bare = _ADVICE.sub("", _ASIDE.sub(" ", text[:_MAX_READ]))
    return bare if words(bare) else text


def asides(text: str) -> list[str]:
    """The texts in innermost brackets."""
    return [match[0][1:-1] for match in _ASIDE.finditer(text[:_MAX_READ])]


def opened(text: str) -> str:
    """A text with its brackets removed but their contents kept, except for a verb at the beginning."""
    return _BRACKETS.sub(" ", text)


@lru_cache(maxsize=128)
def folded(text: str) -> tuple[str, ...]:
    """The words of a text as in a name, for comparison."""
    return tuple(map(_lower, words(text)))


def fold(name: str) -> str:
    """A name as Python compares it."""
    return normalize("NFKC", name)


def attribute(text: str, fallback: str, reserved: frozenset[str]) -> str:
    """The attribute name for a text, or `fallback` if no letter is left."""
    parts: list[str] = []
    for word in folded(without_asides(text)):
        if parts and len("_".join([*parts, word])) > MAX_LENGTH:
            break
        parts.append(word)
    name = "_".join(parts)[:MAX_LENGTH].strip("_")
    if not name:
        return fallback
    if not name.isidentifier():
        name = f"{fallback.rpartition('_')[0]}_{name}"
    if not name.isidentifier():
        return fallback
    return f"{name}_" if is_reserved(name) or name in reserved else name


def joined(qualifier: str, base: str) -> str:
    """A qualifier and its base, without repeated words: `Refiner Model` and `Model`, `LoRAs` and `LoRA weight`."""
    before = [_stem(word) for word in words(without_asides(qualifier))]
    after = [_stem(word) for word in words(base)]
    if not before or (after and all(word in after for word in before)):
        return base
    if not after or before[-len(after) :] == after:
        return qualifier
    if after == ["value"] and len(before) > 1:  # it adds nothing
        return qualifier
    if asides(qualifier):
        return f"{qualifier} {base}"
    shared = 1 if len(before) > 1 and before[-1] == after[0] else _shared_ending(before, after)
    return " ".join([*words(qualifier)[: len(before) - shared], base])


def _shared_ending(before: list[str], after: list[str]) -> int:
    """The number of words that two texts share at the end; numbers do not count, as they distinguish."""
    pairs = zip(reversed(before), reversed(after), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] and not pair[0].isdecimal(), pairs))


def _stem(word: str) -> str:
    """A word without its plural ending."""
    lowered = _lower(word)
    return lowered[:-1] if len(lowered) > 3 and lowered.endswith("s") and not lowered.endswith("ss") else lowered


def _lower(word: str) -> str:
    # Python lowers the Turkish İ to an i with a combining dot, which no keyboard has.
    return normalize("NFKC", word.replace("İ", "i").lower())
