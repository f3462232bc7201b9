"""Meaning: the content of a module, regardless of its layout.

A project's formatter may rewrap lines, and change quotes, parentheses and the indentation of docstrings. None of
that is an edit; everything else is, including comments.

    statements ─▶ syntax tree of each ─▶ SHA-256      long parts are split, with the same result
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final

from invokable.contract.parsed import most_tokens, parse, parse_expression
from invokable.contract.statements import LONG, Span, Statement, batches, items, long_parts, statements
from invokable.contract.utf8 import Utf8, characters

_LAYOUT: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores", "type_params"})
"""Fields of syntax trees that carry no meaning or that some Python versions lack."""
_NEWER: Final = frozenset({"is_lazy"})
"""Fields that only newer Python versions have, and that carry no meaning while they are false."""
_ASSIGNMENT: Final = re.compile(
    rb"(?!(?:class|def|del|for|from|if|import|lambda|return|while|with)\b)[\w\x80-\xff]+ *[:=]"
)


def meaning_checksum(text: Utf8, *, without: Callable[[bytes], bytes], silent: re.Pattern[str]) -> str | None:
    """SHA-256 of a module's content; None if it is not Python.

    `without` removes from a top-level statement the parts to ignore; comments that match `silent` are ignored too. The
    result is the same on every Python version that can parse the module.
    """
    meaning = _Meaning(most_tokens(text))
    comments: list[str] = []
    depth = 0
    try:
        for statement in statements(text, comments):
            depth += (statement.kind == "class") - (statement.kind == "end")
            if not depth:
                statement = Statement(statement.kind, without(statement.source))
            meaning.add(statement)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    meaning.write("\n".join(["", *(comment for comment in comments if not silent.fullmatch(comment))]))
    return meaning.digest.hexdigest()


class _Meaning:
    """A running checksum of statements."""

    def __init__(self, most: int) -> None:
        self.digest = sha256()
        self._most = most
        """The tokens that a statement can have."""
        self._text = b""
        self._parts: dict[str, Span] = {}
        """The long parts of the current statement, by the name that replaces each one in the syntax tree."""

    def add(self, statement: Statement) -> None:
        """Add a statement. Raises SyntaxError."""
        before = self.digest.copy()
        try:
            self._add(statement, taken_apart=len(statement.source) > LONG)
        except SyntaxError:  # comprehensions and the like, whose commas do not separate items
            self.digest = before
            self._add(statement, taken_apart=False)

    def write(self, said: str) -> None:
        """Add text."""
        self.digest.update(said.encode("utf-8", "surrogatepass"))

    def _add(self, statement: Statement, *, taken_apart: bool) -> None:
        self._text, self._parts = statement.source, {}
        if statement.kind == "end":
            self.write("end)")
        elif taken_apart and _ASSIGNMENT.match(self._text):
            self._say(parse(self._stub(Span(0, len(self._text))), self._most))
        else:
            self._say(parse(self._text, self._most), open_=statement.kind == "class")

    def _say(self, found: Iterable[ast.AST], *, open_: bool = False) -> None:
        for tree in found:
            said: list[str] = []
            self._said(tree, said, open_)
            self._flush(said)

    def _flush(self, said: list[str]) -> None:
        self.write("".join(said))
        said.clear()

    def _said(self, tree: ast.AST, said: list[str], open_: bool = False) -> None:
        """A syntax tree as unambiguous text."""
        match tree:
            case ast.Expr(value=ast.Constant(value=str(docstring))):
                text = _without_margin(docstring)
                said += [f"(docstring {len(text)} ", text, ")"]
            case ast.Constant(value=str(text)):
                said.append(f"(str {len(text)} ")
                if len(text) > LONG:
                    self._flush(said)
                    self.write(text)
                else:
                    said.append(text)
                said.append(")")
            case ast.Constant(value=value):
                said.append(f"({type(value).__name__} {value!r})")
            case ast.Name(id=name) if name in self._parts:
                self._long(self._parts[name], said)
            case ast.Tuple(elts=children) | ast.List(elts=children) | ast.Set(elts=children):
                self._sequence(type(tree).__name__, children, said)
            case ast.Dict():
                self._sequence("Dict", _pairs(tree), said)
            case ast.Call():
                said.append("(Call ")
                self._said(tree.func, said)
                self._sequence("with", [*tree.args, *tree.keywords], said)
                said.append(")")
            case _:
                self._fields(tree, said, open_)

    def _fields(self, tree: ast.AST, said: list[str], open_: bool) -> None:
        said.append(f"({type(tree).__name__}")
        for name in tree._fields:
            value = getattr(tree, name, None)
            if name in _LAYOUT or value is None or value == [] or (open_ and name == "body"):
                continue
            if name in _NEWER and not value:
                continue
            said.append(f" {name} ")
            if isinstance(value, list):
                self._sequence("", value, said)
            elif isinstance(value, ast.AST):
                self._said(value, said)
            else:
                said.append(repr(value))
        said.append(" body(" if open_ else ")")

    def _sequence(self, name: str, children: list[ast.AST] | list[ast.expr], said: list[str]) -> None:
        match children:
            case [ast.Name(id=part)] if part in self._parts:
                self._inside(name, self._parts[part], said)
                return
        said.append(f"({name}")
        for child in children:
            if isinstance(child, ast.AST):
                self._said(child, said)
            else:
                said.append(f" {child!r}")
        said.append(")")

    # --- long parts ---

    def _stub(self, span: Span) -> bytes:
        """A part of the text with names in place of its long parts."""
        kept, position = [], span.start
        for part in long_parts(self._text, *span):
            name = f"_{len(self._parts)}__part"
            self._parts[name] = part
            kept += [self._text[position : part.start], name.encode()]
            position = part.end
        return b"".join([*kept, self._text[position : span.end]])

    def _long(self, part: Span, said: list[str]) -> None:
        """A raw string, a tuple, or an expression in brackets."""
        if self._text.startswith(b'r"""', part.start):
            text = memoryview(self._text)[part.start + 4 : part.end - 3]
            said.append(f"(str {characters(text)} ")
            self._flush(said)
            self.digest.update(text)
            said.append(")")
        elif next(items(self._text, part)) == part:  # no comma
            self._said(self._expression(b"(", self._stub(part), b"\n)"), said)
        else:
            self._inside("Tuple", part, said)

    def _inside(self, name: str, part: Span, said: list[str]) -> None:
        """The items in a bracket, in batches."""
        opening, closing = {"Set": (b"{", b"\n}"), "with": (b"f(", b"\n)")}.get(name, (b"[", b"\n]"))
        begun = False
        for batch in batches(self._text, part):
            found = self._expression(opening, self._stub(batch), closing)
            if not begun:
                said.append("(Dict" if isinstance(found, ast.Dict) and name == "Set" else f"({name}")
                begun = True
            for child in _children(found):
                self._said(child, said)
            self._flush(said)
        said.append(")")

    def _expression(self, *source: bytes) -> ast.expr:
        return parse_expression(b"".join(source), self._most)


def _children(found: ast.expr) -> Iterator[ast.AST]:
    match found:
        case ast.List(elts=elements) | ast.Set(elts=elements):
            yield from elements
        case ast.Dict():
            yield from _pairs(found)
        case ast.Call():
            yield from found.args
            yield from found.keywords
        case _:
            raise SyntaxError("not a sequence of items")


def _pairs(found: ast.Dict) -> list[ast.AST]:
    """Keys and values in turn; `**` with a dict as among arguments."""
    pairs: list[ast.AST] = []
    for key, value in zip(found.keys, found.values, strict=True):
        pairs += [ast.keyword(None, value)] if key is None else [key, value]
    return pairs


def _without_margin(docstring: str) -> str:
    """A docstring without its indentation and trailing spaces."""
    first, *others = [line.rstrip(" \t") for line in docstring.expandtabs().split("\n")]
    margin = min((len(line) - len(line.lstrip(" ")) for line in others if line), default=0)
    return "\n".join([first.lstrip(" "), *(line[margin:] for line in others)]).strip()
