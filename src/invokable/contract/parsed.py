"""Parsed: the syntax trees of a statement, without what is in its long lists, and the source of their parts."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from invokable.contract.statements import LONG, NotGeneratedError, Span, batches, long_parts
from invokable.contract.utf8 import Utf8, cut

_NAMED: Final = re.compile(rb"[\w\x80-\xff)\]]\[$")
_TOKEN: Final = re.compile(
    rb'''(?P<formatted>[fF][rR]?["\']|[rR][fF]["\'])|"""(?:[^"\\]++|\\.|"(?!""))*+"""|"(?:[^"\\\n]++|\\.)*+"'''
    rb"""|'(?:[^'\\\n]++|\\.)*+'|\#[^\n]*|[\w\x80-\xff]+|\.+|[^\s\w,]""",
    re.DOTALL,
)
_PLAIN_LIST: Final = re.compile(rb'\[(?:[\s,\[\]0-9]|"[^"\\\n]*+")*+')
_SHORTEST: Final = 8
"""The minimum bytes of each item of a list that is not a literal, after the first: all are calls, as of Image."""
_DEEPEST: Final = 200
_LAST_COMMA: Final = re.compile(rb'(?<=[0-9"\]]),\s*\]\s*\Z')


def most_tokens(text: Utf8) -> int:
    """The tokens besides commas that a statement of a module can have, apart from its long lists.

    A token takes up to 700 bytes in a syntax tree. Those with most are the list of all indices of one field, and the
    parameters of `replace`, where each token stands for 42 bytes of the module.
    """
    return 2_000 + len(text) // 40


def parse(source: bytes, most: int) -> list[ast.stmt]:
    """The syntax trees of a part of a module. Raises SyntaxError, also if it has more tokens than `most`."""
    if len(source) > LONG:
        for count, token in enumerate(_TOKEN.finditer(source)):
            if count >= most:
                raise NotGeneratedError("the statement is too long")
            if token["formatted"]:  # takes quadratic time
                raise NotGeneratedError("the statement contains a formatted string")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an edited module may have strings such as "\\d"
        return ast.parse(source.decode()).body


def parse_expression(source: bytes, most: int) -> ast.expr:
    """The syntax tree of an expression in a module. Raises what `parse` raises."""
    match parse(source, most):
        case [ast.Expr(value=found)]:
            return found
    raise SyntaxError("not an expression")


def quick_list(text: bytes) -> list[object] | None:
    """The value of a list of texts and of integers from 0 on, in a fifth of the time that a syntax tree takes.

    None for anything else, and for what may not be Python.
    """
    if _PLAIN_LIST.fullmatch(text) is None:  # JSON and Python read the rest alike
        return None
    try:
        found: list[object] = json.loads(_LAST_COMMA.sub(b"]", text).decode())
    except (ValueError, RecursionError):
        return None
    return None if text.count(b"[") > _DEEPEST and _is_too_deep(found) else found


def _is_too_deep(values: list[Any]) -> bool:
    """Whether lists are nested deeper than Python allows brackets to be. json reads any depth since Python 3.14."""
    level = [values]
    for _ in range(_DEEPEST):
        level = [item for several in level for item in several if isinstance(item, list)]
    return bool(level)


def unparsed_list(text: bytes, most: int) -> str:
    """The source of a list without what does not matter. Raises what `parse` raises.

    For lists of literals, `repr` takes half the time of `ast.unparse`.
    """
    values: object = quick_list(text)
    if values is not None:
        return repr(values)
    tree = parse_expression(text, most)
    is_ordered = b"{" not in text or not any(isinstance(node, ast.Set) for node in ast.walk(tree))
    if is_ordered:
        with suppress(ValueError, TypeError):  # other things than literals
            found = repr(ast.literal_eval(tree))
            if "inf" not in found and "Ellipsis" not in found:  # which are written as 1e309 and ...
                return found
    if isinstance(tree, ast.List) and len(tree.elts) > 100 + len(text) // _SHORTEST:
        raise NotGeneratedError("a list has shorter items than a module has")
    return ast.unparse(tree)


class Shortened:
    """A statement with names in place of what is in its long lists."""

    def __init__(self, source: bytes, prefix: str = "_list", *, starred: bool = False) -> None:
        """`prefix` is what the names begin with. With `starred`, each is unpacked, so that the statement can run."""
        self.lists: dict[str, list[Span]] = {}
        """The items of each list, in batches, by the name in their place."""
        self._whole = source
        self._prefix = prefix
        self._star = b"*" if starred else b""
        if len(source) > LONG:
            while self._prefix.encode() in source:
                self._prefix += "_"
            source = b"".join(self._pieces(Span(0, len(source))))
        self.source = source

    def texts(self, name: str) -> Iterator[bytes]:
        """The source of a list of each batch of items, in turn."""
        return (b"[%b\n]" % cut(self._whole, *group) for group in self.lists[name])

    def _pieces(self, part: Span) -> Iterator[bytes]:
        position = part.start
        for inside in long_parts(self._whole, *part):
            yield cut(self._whole, position, inside.start)
            position = inside.end
            groups = list(batches(self._whole, inside)) if self._is_list(inside) else []
            if len(groups) > 1:
                name = f"{self._prefix}{len(self.lists)}_"
                self.lists[name] = groups
                yield self._star + name.encode()
            elif self._whole[inside.start - 1] in b"([{":
                yield from self._pieces(inside)
            else:
                yield cut(self._whole, *inside)
        yield cut(self._whole, position, part.end)

    def _is_list(self, inside: Span) -> bool:
        """Whether a bracket is that of a list or of a Literal, whose items need not be looked at."""
        before = cut(self._whole, max(0, inside.start - 9), inside.start)
        return before.endswith(b"[") and (before.endswith(b"Literal[") or _NAMED.search(before) is None)


class Parsed:
    """A statement's syntax trees, with names in place of what is in long lists."""

    def __init__(self, source: bytes, most: int) -> None:
        """Raises SyntaxError for what is not Python, and for more tokens than `most` outside of lists."""
        shortened = Shortened(source)
        self.trees = parse(shortened.source, most)
        self._lists = {
            name: ", ".join(filter(None, (unparsed_list(text, most)[1:-1] for text in texts)))
            for name, texts in ((name, shortened.texts(name)) for name in shortened.lists)
        }
        """What stands in each list, by the name in its place."""

    def unparse(self, tree: ast.AST) -> str:
        """The source of a syntax tree of the statement."""
        text = ast.unparse(tree)
        for name, inside in self._lists.items():
            text = text.replace(f"[{name}]", f"[{inside}]")
        return text
