"""The integers of numpy's default generator, which the server uses for `random_range`.

Implements the published algorithms, PCG64 seeded through SeedSequence and Lemire's method for a range,
for seeds and ranges of up to 32 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_32: Final = 0xFFFFFFFF
_64: Final = (1 << 64) - 1
_128: Final = (1 << 128) - 1
_MULTIPLIER: Final = 0x2360ED051FC65DA44385DF649FCCF645


def integers(seed: int, low: int, high: int, size: int) -> list[int]:
    """Return integers from low up to but excluding high."""
    words = _words32(seed)
    return [low + _below(high - low, words) for _ in range(size)]


def _below(bound: int, words: Iterator[int]) -> int:
    if bound == 1:
        return 0
    threshold = (_32 + 1 - bound) % bound
    while True:
        product = next(words) * bound
        if product & _32 >= threshold:
            return product >> 32


def _words32(seed: int) -> Iterator[int]:
    # A 64-bit draw is used as two 32-bit draws, lower half first.
    for word in _pcg64(seed):
        yield word & _32
        yield word >> 32


def _pcg64(seed: int) -> Iterator[int]:
    high, low, high_inc, low_inc = _seed_words(seed)
    increment = ((high_inc << 64 | low_inc) << 1 | 1) & _128
    state = (increment + (high << 64 | low)) * _MULTIPLIER + increment & _128
    while True:
        state = state * _MULTIPLIER + increment & _128
        mixed, turn = (state >> 64) ^ (state & _64), state >> 122
        yield (mixed >> turn | mixed << (-turn & 63)) & _64


def _seed_words(seed: int) -> list[int]:
    pool, words = _pool(seed), []
    factor = 0x8B51F9DD
    for index in range(8):
        value = pool[index % 4] ^ factor
        factor = factor * 0x58F38DED & _32
        value = value * factor & _32
        words.append(value ^ value >> 16)
    return [words[index] | words[index + 1] << 32 for index in range(0, 8, 2)]


def _pool(seed: int) -> list[int]:
    factor = 0x43B0D7E5

    def hashed(value: int) -> int:
        nonlocal factor
        value ^= factor
        factor = factor * 0x931E8875 & _32
        value = value * factor & _32
        return value ^ value >> 16

    entropy = [seed >> shift & _32 for shift in (0, 32, 64, 96)]
    pool = [hashed(word) for word in entropy]
    for source in range(4):
        for target in range(4):
            if source != target:
                mixed = 0xCA01F9DD * pool[target] - 0x4973F715 * hashed(pool[source]) & _32
                pool[target] = mixed ^ mixed >> 16
    return pool
