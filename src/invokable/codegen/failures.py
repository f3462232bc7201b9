"""Failures: what can go wrong on the way to a module, as data that any front end can show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, Literal, TypeAlias, TypeVar

from invokable.workflow import WorkflowFileError

T = TypeVar("T")

MOST: Final = 100
"""Errors about entries of one table that are reported one by one."""
FailureKind: TypeAlias = Literal["input", "refused", "server"]
"""What to do: fix the input; decide about a file that is in the way; start or repair the server."""


class BuildError(Exception):
    """A problem that prevents a module from being built.

    Attributes:
        where: The file, option or URL at fault.
        message: What was found, and what was expected.
        pointer: The JSON pointer in a workflow, or the dotted key in a configuration.
        suggestion: What may help, such as `did you mean "width"?`.
        kind: Who has to act.
    """

    def __init__(
        self,
        where: str,
        message: str,
        *,
        pointer: str | None = None,
        suggestion: str | None = None,
        kind: FailureKind = "input",
    ) -> None:
        super().__init__(message)
        self.where = where
        self.message = message
        self.pointer = pointer
        self.suggestion = suggestion
        self.kind = kind

    @classmethod
    def of_file(cls, where: str, error: WorkflowFileError) -> BuildError:
        """A workflow's own error, in the file that holds the workflow."""
        return cls(where, error.message, pointer=error.pointer, suggestion=error.suggestion)

    @classmethod
    def of_system(cls, where: str, error: OSError | ValueError, action: str) -> BuildError:
        """An error of the operating system: `cannot be read: No such file or directory`."""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return cls(where, f"cannot be {action}: {reason}")

    @classmethod
    def of_server(
        cls, url: str, error: Exception, *, suggestion: str | None = None, kind: FailureKind = "server"
    ) -> BuildError:
        """An error about a server. If its message begins with a URL of that server, this is where it happened."""
        message = str(error)
        begin = re.match(rf"({re.escape(url.rstrip('/'))}\S*): ", message, re.IGNORECASE)
        where = begin[1] if begin else url
        return cls(where, message[begin.end() :] if begin else message, suggestion=suggestion, kind=kind)

    def __str__(self) -> str:
        """`FILE: JSON-POINTER: what is wrong (did you mean …?)`."""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return ": ".join(part for part in (self.where, self.pointer, f"{self.message}{hint}") if part)


def first_of(wrong: Iterable[T], failure: Callable[[T], BuildError], where: str) -> Iterator[BuildError]:
    """The failures for the first of many wrong entries, and one with the number of the others."""
    remaining = iter(wrong)
    yield from map(failure, islice(remaining, MOST))
    if others := sum(1 for _ in remaining):
        yield BuildError(where, f"{others} more {'entry is' if others == 1 else 'entries are'} wrong in the same way")
