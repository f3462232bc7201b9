"""Settings: how a generator node makes the values of a batch, as the editor stores it.

Settings are plain dicts, distinguished by their `type`. A type checker knows the keys of each. They are validated when
assigned to a workflow, and the values are made when it runs.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict


class FloatSequence(TypedDict):
    """`count` numbers starting at `start`, `step` apart."""

    type: Literal["float_generator_arithmetic_sequence"]
    start: float
    step: float
    count: int
    values: NotRequired[list[float] | None]
    """Numbers that the editor has computed; if present, they are used instead of the settings."""


class FloatRange(TypedDict):
    """`count` numbers spread evenly from `start` to `end`, both included."""

    type: Literal["float_generator_linear_distribution"]
    start: float
    end: float
    count: int
    values: NotRequired[list[float] | None]


class FloatRandom(TypedDict):
    """`count` random numbers from `min` to `max`; the same ones for the same seed, new ones each time without one."""

    type: Literal["float_generator_random_distribution_uniform"]
    min: float
    max: float
    count: int
    seed: NotRequired[int | None]
    values: NotRequired[list[float] | None]


class FloatText(TypedDict):
    """The numbers in a text that is split at `splitOn`."""

    type: Literal["float_generator_parse_string"]
    input: str
    splitOn: str
    values: NotRequired[list[float] | None]


class IntegerSequence(TypedDict):
    """`count` integers starting at `start`, `step` apart."""

    type: Literal["integer_generator_arithmetic_sequence"]
    start: int
    step: int
    count: int


class IntegerRange(TypedDict):
    """`count` integers spread evenly from `start` to `end`, both included."""

    type: Literal["integer_generator_linear_distribution"]
    start: int
    end: int
    count: int


class IntegerRandom(TypedDict):
    """`count` random integers from `min` to `max`; the same ones for the same seed, new ones each time without one."""

    type: Literal["integer_generator_random_distribution_uniform"]
    min: int
    max: int
    count: int
    seed: NotRequired[int | None]


class IntegerText(TypedDict):
    """The integers in a text that is split at `splitOn`."""

    type: Literal["integer_generator_parse_string"]
    input: str
    splitOn: str


class StringText(TypedDict):
    """The parts of a text that is split at `splitOn`."""

    type: Literal["string_generator_parse_string"]
    input: str
    splitOn: str


class AllPrompts(TypedDict):
    """Up to `maxPrompts` prompts: every combination of a text such as `a {fox|hare}`."""

    type: Literal["string_generator_dynamic_prompts_combinatorial"]
    input: str
    maxPrompts: int


class RandomPrompts(TypedDict):
    """`count` prompts drawn from the combinations of a text such as `a {fox|hare}`."""

    type: Literal["string_generator_dynamic_prompts_random"]
    input: str
    count: int
    seed: NotRequired[int | None]


class BoardImages(TypedDict):
    """The images of a board, or its assets."""

    type: Literal["image_generator_images_from_board"]
    category: Literal["images", "assets"]
    board_id: NotRequired[str]


FloatGenerator: TypeAlias = FloatSequence | FloatRange | FloatRandom | FloatText
IntegerGenerator: TypeAlias = IntegerSequence | IntegerRange | IntegerRandom | IntegerText
StringGenerator: TypeAlias = StringText | AllPrompts | RandomPrompts
ImageGenerator: TypeAlias = BoardImages
