"""Prompts: dynamic prompts, such as `a {red|blue} fox`, for the endpoint and for the node alike.

The library dynamicprompts expands them, as on a real server.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamicprompts.commands import Command


class PromptError(ValueError):
    """A prompt that cannot be expanded."""


class PromptSyntaxError(PromptError):
    """A prompt that cannot be read."""


def all_of(prompt: str, most: int) -> list[str]:
    """The first `most` prompts, in order. Raises PromptError."""
    from dynamicprompts.generators import CombinatorialPromptGenerator

    def made() -> list[str]:
        if missing := _endless_wildcards(prompt):
            raise PromptError(f"No values found for wildcard(s): {', '.join(missing)}")
        return CombinatorialPromptGenerator().generate(prompt, max_prompts=most)

    return _expanded(made)


def some_of(prompt: str, count: int, seed: int | None) -> list[str]:
    """`count` random prompts. Raises PromptError."""
    from dynamicprompts.generators import RandomPromptGenerator

    return _expanded(lambda: RandomPromptGenerator(seed=seed).generate(prompt, num_images=count))


def _expanded(make: Callable[[], list[str]]) -> list[str]:
    from pyparsing import ParseException

    # It uses a name that pyparsing 3.3 calls deprecated; tests that turn warnings into errors should pass.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="dynamicprompts")
    try:
        return make()
    except ParseException as error:
        raise PromptSyntaxError(str(error)) from error
    except Exception as error:  # of any kind, for example for weights without a total
        raise PromptError(str(error) or type(error).__name__) from error


def _endless_wildcards(prompt: str) -> list[str]:
    """The wildcards among options. Without words for them, the library would search for combinations forever."""
    from dynamicprompts.parser.parse import parse

    return list(dict.fromkeys(_wildcards_among_options(parse(prompt)))) if prompt else []


def _wildcards_among_options(command: Command, *, is_option: bool = False) -> Iterator[str]:
    from dynamicprompts.commands import SequenceCommand, VariantCommand, WildcardCommand, WrapCommand

    match command:
        case WildcardCommand(wildcard=str(name)) if is_option:
            yield name
        case SequenceCommand(tokens=parts):
            for part in parts:
                yield from _wildcards_among_options(part, is_option=is_option)
        case VariantCommand(values=options):
            for option in options:
                yield from _wildcards_among_options(option, is_option=True)
        case WrapCommand(wrapper=wrapper, inner=inner):
            yield from _wildcards_among_options(wrapper, is_option=is_option)
            yield from _wildcards_among_options(inner, is_option=is_option)
