"""Values: fill a workflow from `--set` and `--values`, and report all errors together."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from invokable import Problem, ValidationError, Workflow
from invokable.cli.running.parse import ParseError, expected, parse_json, parse_text
from invokable.codegen import BuildError
from invokable.contract.fields import MEDIA
from invokable.contract.json_parts import not_json
from invokable.contract.listing import with_article
from invokable.contract.reading import read_up_to
from invokable.runtime.values.encoding import custom_from_json, to_json
from invokable.runtime.values.inputs import Index
from invokable.runtime.values.pins import InputPin, Pins, pins_of
from invokable.runtime.values.validation import validate_some
from invokable.workflow.errors import nearest

_LARGEST: Final = 64 * 2**20  # bytes of a file of values, or of one text
_MOST_UNKNOWN: Final = 100  # names of a file that are reported with similar ones


class WrongValuesError(Exception):
    """Invalid values, each with its problem."""

    def __init__(self, problems: Iterable[tuple[BuildError, Problem | None]]) -> None:
        super().__init__("wrong values")
        self.problems = tuple(problems)


def fill(workflow: type[Workflow], shown: str, sets: Iterable[str], files: Iterable[str]) -> Workflow:
    """A workflow with the values of `--set` options, which override those of `--values` files.

    `shown` is the name of the workflow in messages. Raises WrongValuesError with all problems.
    """
    pins = pins_of(workflow)
    reading = _Reading(shown, pins, _by_name(pins))
    for name in files:
        reading.take_file(name)
    reading.take_sets(sets)
    reading.check(workflow)
    return workflow(**reading.values)


def read_json(name: str) -> Any:
    """The JSON in a file, or on standard input if it is `-`. Raises BuildError."""
    text = _text(name)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BuildError(name, not_json(error)) from None


@dataclass(slots=True)
class _Reading:
    shown: str
    pins: Pins
    by_name: Mapping[str, InputPin]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[BuildError, Problem | None]] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)

    def take_file(self, name: str) -> None:
        """Add the values of a file: an object with attributes or indices as keys."""
        try:
            found = read_json(name)
            if not isinstance(found, dict):
                raise BuildError(name, "expected a JSON object with attributes or indices as keys")
        except BuildError as failure:
            self.problems.append((failure, None))
            return
        unknown = [key for key in found if key not in self.by_name]
        for key in unknown[:_MOST_UNKNOWN]:
            self._find(key, name)
        if len(unknown) > _MOST_UNKNOWN:
            self._refuse(name, f"{len(unknown) - _MOST_UNKNOWN} more names are not inputs of the workflow")
        given: dict[str, list[Any]] = {}
        for key, value in found.items():
            if pin := self.by_name.get(key):
                given.setdefault(pin.attribute, []).append(value)
        for attribute, values in given.items():
            pin = self.by_name[attribute]
            if len(values) > 1:
                self._note(_problem(pin, f"is set {len(values)} times in {name}"))
            else:
                self._take(pin, partial(parse_json, values[0], pin, self.pins.hints[attribute]))

    def take_sets(self, sets: Iterable[str]) -> None:
        """Add `NAME=VALUE` pairs; repeated names make a list if the input takes one."""
        given: dict[str, list[str]] = {}
        for text in sets:
            name, equals, value = text.partition("=")
            if not equals:
                self._refuse(f"--set {text}", "expected NAME=VALUE")
            elif pin := self._find(name.strip(), f"--set {name}"):
                given.setdefault(pin.attribute, []).append(value)
        for attribute, texts in given.items():
            self._take_texts(self.by_name[attribute], texts)

    def check(self, workflow: type[Workflow]) -> None:
        """Raise WrongValuesError for problems found so far, missing values, and values that the workflow refuses."""
        self._check_files()
        try:
            validate_some(workflow, self.values)
        except ValidationError as error:
            for problem in error.errors:
                self._note(problem)
        given = self.values.keys() | self.wrong
        for name in _required(workflow):
            if name not in given:
                pin = self.by_name[name]
                self._note(_problem(pin, f"is required; set it with --set {name}=…; expected {expected(pin)}"))
        if self.problems:
            raise WrongValuesError(sorted(self.problems, key=lambda p: -1 if p[1] is None else p[1].index or 0))

    def _take_texts(self, pin: InputPin, texts: list[str]) -> None:
        if len(texts) > 1 and pin.type.cardinality == "SINGLE":
            self._note(_problem(pin, f"is set {len(texts)} times, but takes one value"))
            return

        def read() -> object:
            found = [parse_text(_content(text, pin), pin, self.pins.hints[pin.attribute]) for text in texts]
            if len(found) == 1:
                return found[0]
            return [item for value in found for item in (value if isinstance(value, list) else [value])]

        self._take(pin, read)

    def _take(self, pin: InputPin, read: Any) -> None:
        try:
            self.values[pin.attribute] = _own(read(), pin)
            self.wrong.discard(pin.attribute)
        except ParseError as error:
            self._note(_problem(pin, str(error)))
        except BuildError as failure:
            self._note(_problem(pin, f"{failure.where} {failure.message}"))

    def _check_files(self) -> None:
        for attribute, value in list(self.values.items()):
            pin = self.by_name[attribute]
            if pin.type.name not in MEDIA:
                continue
            for path in value if isinstance(value, list) else [value]:
                if isinstance(path, str) and (reason := _unreadable(path)):
                    self._note(_problem(pin, f"cannot read {path!r:.200}: {reason}"))

    def _find(self, name: str, where: str) -> InputPin | None:
        found = self.by_name.get(name)
        if found is None:
            is_index = name.isascii() and name.isdigit()
            hint = _indices(self.by_name) if is_index else nearest(name, [p.attribute for p in self.pins.inputs])
            what = f"the workflow has no input {name if is_index else repr(name)}"
            self._refuse(where, what, hint or f"it has {_names(self.pins)}")
        return found

    def _refuse(self, where: str, message: str, hint: str | None = None) -> None:
        self.problems.append((BuildError(where, message, suggestion=hint), None))

    def _note(self, problem: Problem) -> None:
        self.wrong.add(problem.attribute)
        self.values.pop(problem.attribute, None)
        self.problems.append((BuildError(self.shown, str(problem)), problem))


def _own(value: object, pin: InputPin) -> object:
    """The value as the project's own class, if the input has one."""
    if pin.custom is None:
        return value
    try:
        return custom_from_json(to_json(value), pin.custom, pin.type.cardinality)
    except Exception as error:  # a project's class is code, and can fail in any way
        wanted, reason = with_article(pin.custom.__name__), " ".join(str(error).split())
        raise ParseError(f"{value!r:.60} is not {wanted}: {reason}") from None


def _content(text: str, pin: InputPin) -> str:
    """A text, or the content of the file that it names with `@`; if the input takes a file, its path."""
    if not text.startswith("@"):
        return text
    if text.startswith("@@") or pin.type.name in MEDIA:
        return text[1:]
    return _text(text[1:]).removesuffix("\n")


def _text(name: str) -> str:
    try:
        if name == "-":
            content = read_up_to(_LARGEST, sys.stdin.buffer)
        else:
            with Path(name).open("rb") as file:
                content = read_up_to(_LARGEST, file)
        if len(content) > _LARGEST:
            raise BuildError(name, f"is larger than {_LARGEST // 2**20} MiB")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BuildError(name, "is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise BuildError.of_system(name, error, "read") from None


def _unreadable(path: str) -> str | None:
    try:
        with open(path, "rb"):
            return None
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)


def _required(workflow: type[Workflow]) -> Iterator[str]:
    generated: Any = workflow  # like every generated class, a dataclass
    for one in dataclasses.fields(generated):
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            yield one.name


def _by_name(pins: Pins) -> dict[str, InputPin]:
    found = {pin.attribute: pin for pin in pins.inputs}
    for pin in pins.inputs:
        for extra in getattr(pins.hints[pin.attribute], "__metadata__", ()):
            if isinstance(extra, Index):
                found |= {str(index): pin for index in extra.indices}
    return found


def _indices(by_name: Mapping[str, InputPin]) -> str:
    numbers = sorted(int(name) for name in by_name if name.isdigit())
    return f"its indices are {numbers[0]} to {numbers[-1]}" if numbers else "it has none"


def _names(pins: Pins) -> str:
    names = [pin.attribute for pin in pins.inputs]
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "") if names else "no inputs"


def _problem(pin: InputPin, message: str) -> Problem:
    return Problem(pin.index, pin.attribute, pin.label, message)
