"""Errors and warnings about a workflow file, and the only place that decides between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from invokable.contract.nearest import similar

Suggest: TypeAlias = Callable[[], str | None]


class WorkflowFileError(Exception):
    """A workflow file that cannot be read, or that would not run as it is written.

    Attributes:
        message: The problem, in one sentence; also the text of the exception.
        pointer: The JSON pointer (RFC 6901) to the location in the workflow, if any.
        suggestion: What may help, such as `did you mean "num_steps"?`.
    """

    def __init__(self, message: str, pointer: str | None = None, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801  (the plain name is a builtin)
    """Something in the file that the editor silently drops or changes."""

    message: str
    pointer: str | None = None


LENIENT = "--lenient reads it as the editor does, with a warning"
"""What helps if nothing else does."""


class Findings:
    """Collects the problems of a file: errors when reading strictly, else warnings.

    A migration may add what the file lacks, so a pointer to that becomes one to the nearest place in the file.
    """

    def __init__(self, document: object, *, lenient: bool) -> None:
        self._document = document
        self._lenient = lenient
        self._warnings: list[Warning_] = []

    @property
    def warnings(self) -> tuple[Warning_, ...]:
        """The warnings so far, in order."""
        return tuple(self._warnings)

    def warn(self, message: str, pointer: str | None = None) -> None:
        """Add a warning about a harmless change."""
        self._warnings.append(Warning_(message, self._place(pointer)))

    def problem(self, message: str, pointer: str | None = None, suggest: Suggest | None = None) -> None:
        """Report something that the editor drops silently: a warning if lenient, else an error.

        The message has to read well as either, so it says what was found, not what is done about it.

        Args:
            message: The problem.
            pointer: Its location.
            suggest: Returns what may help; only called for an error, because finding similar names is slow.
                If it has nothing to suggest, the error names `--lenient`.

        Raises:
            WorkflowFileError: The file is read strictly.
        """
        if not self._lenient:
            raise WorkflowFileError(message, self._place(pointer), (suggest() if suggest else None) or LENIENT)
        self.warn(message, pointer)

    def _place(self, pointer: str | None) -> str | None:
        return None if pointer is None else nearest_place(self._document, pointer)


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) through the given keys and positions."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def nearest_place(document: object, pointer: str) -> str:
    """Return the JSON pointer, cut before the first part that the document does not have."""
    place, end = document, 0
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and key.isdecimal() and int(key) < len(place):
            place = place[int(key)]
        elif isinstance(place, dict) and key in place:
            place = place[key]
        else:
            break
        end += 1 + len(part)
    return pointer[:end]


def quoted(text: object, limit: int = 80) -> str:
    """Return untrusted text for a message: quoted, on one line, and cut."""
    shown = text if isinstance(text, str) else repr(text)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return a `did you mean …?` for a misspelled name, if a known one is close."""
    close = similar(name, known, cutoff=0.7)
    if not close:
        return None
    return f'did you mean "{close[0]}"?' if close[0].isprintable() else f"did you mean {quoted(close[0])}?"
