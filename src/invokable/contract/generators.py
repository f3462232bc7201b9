"""What a generator node feeds into a batch: pure arithmetic on settings (see `settings`), without any I/O.

    generator value ── expand ──▶ items                       computed immediately
                        │
                        └───────▶ Deferred ── the runtime asks ──▶ items
                                  (random numbers without a seed, dynamic prompts, images of a board)

A generator value is what the editor stores in a generator node's `generator` field: an object whose `type` says
which generator it is. The arithmetic is the editor's, in IEEE doubles, so that equal settings give equal batches.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from invokable.contract.settings import CATEGORIES, KINDS

Items: TypeAlias = list[object]
Deferred: TypeAlias = dict[str, object]
"""How to get items that cannot be computed in advance; a JSON object with a `kind`:

- `{"kind": "random", "generator": {…}}`: draw at run time, see `draw`.
- `{"kind": "dynamic_prompts", "body": {…}}`: POST the body to `/api/v1/utilities/dynamicprompts`; the items are the
  answer's `prompts`, none if it names an `error`. A body without a `seed` where `combinatorial` is false asks for a
  fresh random one.
- `{"kind": "board_images", "board_id": …, "categories": […], "is_intermediate": false}`: the image names of a board,
  each item as `{"image_name": …}`.
"""

Series: TypeAlias = tuple[int, Callable[[int], object]]
"""The number of items, and a function that returns the item at an index."""

MAX_ITEMS: Final = 100_000
"""The maximum number of items of a generator. A larger count is a mistake, and would exhaust the memory."""

_TOO_LARGE: Final = "the generator's numbers are too large"

# White space as defined for String.prototype.trim; str.strip would also strip U+001C to U+001F and U+0085.
JS_SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")


class GeneratorError(ValueError):
    """The settings of a generator do not make a batch: a wrong type, an unknown generator, too many items."""


def expand(value: object) -> Items | Deferred:
    """Return the items of a generator value, or how to get them at run time.

    Raises:
        GeneratorError: The value is not a generator, or it makes more than `MAX_ITEMS` items.
    """
    settings, kind = _settings(value)
    stored = _stored_values(settings, kind)
    if stored is not None:
        return stored
    if kind in _RANDOM and settings.get("seed") is None:
        check(value)
        return {"kind": "random", "generator": dict(settings)}
    if kind in _DEFERRED:
        return _DEFERRED[kind](settings)
    return _expand_locally(settings, kind, _no_random)


def check(value: object) -> None:
    """Raise GeneratorError for settings that do not make a batch.

    The work grows with the size of the settings, not with the number of items.
    """
    settings, kind = _settings(value)
    if _stored_values(settings, kind) is not None:
        return
    if kind in _DEFERRED:
        _DEFERRED[kind](settings)
        return
    count, item = _series(settings, kind, lambda: 0.5)
    if count > 0:  # numbers in a range are finite if its ends are
        _made(item, (0, count - 1))


def count(value: object) -> int | None:
    """Return the number of items of a generator value; None if only the server knows it.

    The work grows with the size of the settings, not with the number of items. Raises GeneratorError as `expand` does.
    """
    settings, kind = _settings(value)
    stored = _stored_values(settings, kind)
    if stored is not None:
        return len(stored)
    return None if kind in _DEFERRED else max(0, _series(settings, kind, lambda: 0.5)[0])


def draw(value: object, rng: Callable[[], float] = random.random) -> Items:
    """Draw the items of a random generator that has no seed.

    Args:
        value: The generator value, such as the `generator` of a `random` request.
        rng: Returns a float in [0, 1).

    Raises:
        GeneratorError: The value is not a generator of random numbers.
    """
    settings, kind = _settings(value)
    if kind not in _RANDOM:
        raise GeneratorError(f"{kind!r} does not draw random numbers")
    return _expand_locally(settings, kind, rng)


def mersenne_twister(seed: int) -> Callable[[], float]:
    """Return the editor's seeded source of floats in [0, 1): a 32-bit MT19937 output divided by 2**32.

    This is `init_genrand` of the reference implementation. `random.seed` initializes by array and
    `random.random` uses 53 bits, so neither gives the same numbers.
    """
    word = seed & 0xFFFFFFFF
    state = [word]
    for index in range(1, 624):
        word = (1812433253 * (word ^ (word >> 30)) + index) & 0xFFFFFFFF
        state.append(word)
    twister = random.Random()
    twister.setstate((3, (*state, 624), None))
    return lambda: twister.getrandbits(32) / 4294967296


def _settings(value: object) -> tuple[Mapping[str, object], str]:
    if not isinstance(value, Mapping):
        raise GeneratorError("a generator value is an object with a type")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise GeneratorError(f"unknown generator {kind!r:.60}")
    return value, kind


def _stored_values(settings: Mapping[str, object], kind: str) -> Items | None:
    """The list that the editor stores beside the settings of floats, which takes precedence even if it is empty."""
    stored = settings.get("values")
    if not kind.startswith("float_generator_") or not isinstance(stored, list):
        return None
    if len(stored) > MAX_ITEMS:
        raise GeneratorError(f"a generator makes at most {MAX_ITEMS} items")
    if misfit := KINDS[kind].settings["values"].misfit(stored):
        raise GeneratorError(f"the generator's values must be {misfit}")
    return list(stored)


def _expand_locally(settings: Mapping[str, object], kind: str, rng: Callable[[], float]) -> Items:
    count, item = _series(settings, kind, rng)
    return _made(item, range(count))


def _series(settings: Mapping[str, object], kind: str, rng: Callable[[], float]) -> Series:
    try:
        count, item = _LOCAL[kind](settings, rng)
    except OverflowError as error:
        raise GeneratorError(_TOO_LARGE) from error
    if count > MAX_ITEMS:
        raise GeneratorError(f"a generator makes at most {MAX_ITEMS} items")
    return count, item


def _made(item: Callable[[int], object], indices: Iterable[int]) -> Items:
    try:
        items = [item(index) for index in indices]
    except (OverflowError, ZeroDivisionError) as error:
        raise GeneratorError(_TOO_LARGE) from error
    if not all(math.isfinite(made) for made in items if isinstance(made, float)):
        raise GeneratorError(_TOO_LARGE)
    return items


def _no_random() -> float:
    raise GeneratorError("a random generator needs a seed")


# --- settings ---------------------------------------------------------------------------------------------------------


def _number(settings: Mapping[str, object], name: str) -> float:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GeneratorError(f"the generator's {name} must be a number")
    return float(value)


def _integer(settings: Mapping[str, object], name: str) -> int:
    value = settings.get(name)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise GeneratorError(f"the generator's {name} must be an integer")
    return value


def _text(settings: Mapping[str, object], name: str) -> str:
    value = settings.get(name)
    if not isinstance(value, str):
        raise GeneratorError(f"the generator's {name} must be text")
    return value


# --- generators -------------------------------------------------------------------------------------------------------


def _float_arithmetic(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    start, step = _number(settings, "start"), _number(settings, "step")
    return (1 if step == 0 else _integer(settings, "count")), lambda index: start + index * step


def _float_linear(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    start, end, count = _number(settings, "start"), _number(settings, "end"), _integer(settings, "count")
    return count, lambda index: start if count == 1 else start + (end - start) * (index / (count - 1))


def _float_uniform(settings: Mapping[str, object], rng: Callable[[], float]) -> Series:
    low, high = _number(settings, "min"), _number(settings, "max")
    rng = _seeded(settings, rng)
    return _integer(settings, "count"), lambda _: rng() * (high - low) + low


def _float_parsed(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    numbers = [float(match[0]) for part in _trimmed(settings) if (match := _FLOAT.match(part))]
    # JSON has no infinity; the editor sends null.
    return _listed([number if math.isfinite(number) else None for number in numbers])


def _integer_arithmetic(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    start, step = _integer(settings, "start"), _integer(settings, "step")
    return (1 if step == 0 else _integer(settings, "count")), lambda index: start + index * step


def _integer_linear(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    start, end, count = _integer(settings, "start"), _integer(settings, "end"), _integer(settings, "count")
    return count, lambda index: start if count == 1 else start + _round((end - start) * (index / (count - 1)))


def _integer_uniform(settings: Mapping[str, object], rng: Callable[[], float]) -> Series:
    low, high = _integer(settings, "min"), _integer(settings, "max")
    rng = _seeded(settings, rng)
    return _integer(settings, "count"), lambda _: math.floor(rng() * (high - low + 1)) + low


def _integer_parsed(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    digits = [match[0] for part in _trimmed(settings) if (match := _INTEGER.match(part))]
    # Beyond 309 digits a double is infinite, which JSON cannot represent; the editor sends null.
    return _listed([int(text) if len(text) < 309 else None for text in digits])


def _string_parsed(settings: Mapping[str, object], _: Callable[[], float]) -> Series:
    return _listed([part for part in _split(settings) if part])


def _listed(items: Sequence[object]) -> Series:
    return len(items), items.__getitem__


def _seeded(settings: Mapping[str, object], rng: Callable[[], float]) -> Callable[[], float]:
    return rng if settings.get("seed") is None else mersenne_twister(_integer(settings, "seed"))


def _round(number: float) -> int:
    """Round half up, as Math.round does; Python's round rounds half to even."""
    below = math.floor(number)
    return below + 1 if number - below >= 0.5 else below


def _split(settings: Mapping[str, object]) -> list[str]:
    text, separator = _text(settings, "input"), _text(settings, "splitOn")
    if separator == "":
        return [text]
    try:
        # Lets a user type \n for a line break.
        unescaped = json.loads(f'"{separator}"')
    except ValueError:
        unescaped = separator
    return text.split(unescaped)


def _trimmed(settings: Mapping[str, object]) -> Iterator[str]:
    return (part.strip(JS_SPACE) for part in _split(settings))


# --- requests ---------------------------------------------------------------------------------------------------------


def _combinatorial_prompts(settings: Mapping[str, object]) -> Items | Deferred:
    body = {
        "prompt": _text(settings, "input"),
        "max_prompts": _integer(settings, "maxPrompts"),
        "combinatorial": True,
    }
    return {"kind": "dynamic_prompts", "body": body}


def _random_prompts(settings: Mapping[str, object]) -> Items | Deferred:
    body: dict[str, object] = {
        "prompt": _text(settings, "input"),
        "max_prompts": _integer(settings, "count"),
        "combinatorial": False,
    }
    if settings.get("seed") is not None:
        body["seed"] = _integer(settings, "seed")
    return {"kind": "dynamic_prompts", "body": body}


def _board_images(settings: Mapping[str, object]) -> Items | Deferred:
    if not settings.get("board_id"):
        return []
    board_id, category = _text(settings, "board_id"), _text(settings, "category")
    if category not in CATEGORIES:
        raise GeneratorError("the generator's category must be images or assets")
    categories = list(CATEGORIES[category])
    return {"kind": "board_images", "board_id": board_id, "categories": categories, "is_intermediate": False}


_LOCAL: Final[Mapping[str, Callable[[Mapping[str, object], Callable[[], float]], Series]]] = {
    "float_generator_arithmetic_sequence": _float_arithmetic,
    "float_generator_linear_distribution": _float_linear,
    "float_generator_random_distribution_uniform": _float_uniform,
    "float_generator_parse_string": _float_parsed,
    "integer_generator_arithmetic_sequence": _integer_arithmetic,
    "integer_generator_linear_distribution": _integer_linear,
    "integer_generator_random_distribution_uniform": _integer_uniform,
    "integer_generator_parse_string": _integer_parsed,
    "string_generator_parse_string": _string_parsed,
}
_DEFERRED: Final[Mapping[str, Callable[[Mapping[str, object]], Items | Deferred]]] = {
    "string_generator_dynamic_prompts_combinatorial": _combinatorial_prompts,
    "string_generator_dynamic_prompts_random": _random_prompts,
    "image_generator_images_from_board": _board_images,
}
_RANDOM: Final = frozenset(
    {"float_generator_random_distribution_uniform", "integer_generator_random_distribution_uniform"}
)
