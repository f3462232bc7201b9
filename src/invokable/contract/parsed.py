"""Parsed: the syntax trees of a statement, without what is in its long lists, and the source of their parts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from invokable.contract.statements import LONG, Span, batches, long_parts
from invokable.contract.utf8 import cut

_NAMED: Final = re.compile(rb"[\w\x80-\xff)\]]\[$")


class Parsed:
    """A statement's syntax trees, with names in place of what is in long lists."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lists: dict[str, str] = {}
        """What stands in each list, by the name in its place."""
        self._prefix = "_list"
        if len(source) > LONG:
            while self._prefix.encode() in source:
                self._prefix += "_"
            source = b"".join(self._shortened(Span(0, len(source))))
        self.trees = ast.parse(source.decode()).body

    def unparse(self, tree: ast.AST) -> str:
        """The source of a syntax tree of the statement."""
        text = ast.unparse(tree)
        for name, inside in self._lists.items():
            text = text.replace(f"[{name}]", f"[{inside}]")
        return text

    def _shortened(self, part: Span) -> Iterator[bytes]:
        position = part.start
        for inside in long_parts(self._source, *part):
            yield cut(self._source, position, inside.start)
            position = inside.end
            groups = list(batches(self._source, inside)) if self._is_list(inside) else []
            if len(groups) > 1:
                name = f"{self._prefix}{len(self._lists)}_"
                self._lists[name] = ", ".join(filter(None, (self._items(group) for group in groups)))
                yield name.encode()
            elif self._source[inside.start - 1] in b"([{":
                yield from self._shortened(inside)
            else:
                yield cut(self._source, *inside)
        yield cut(self._source, position, part.end)

    def _is_list(self, inside: Span) -> bool:
        """Whether a bracket is that of a list or of a Literal, whose items need not be looked at."""
        before = cut(self._source, max(0, inside.start - 9), inside.start)
        return before.endswith(b"[") and (before.endswith(b"Literal[") or _NAMED.search(before) is None)

    def _items(self, group: Span) -> str:
        return ast.unparse(ast.parse(f"[{cut(self._source, *group).decode()}\n]", mode="eval").body)[1:-1]
