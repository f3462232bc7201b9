"""Layout: the text of a module as black formats it, without running black on the parts that are formatted already.

black takes about 5 seconds per megabyte, nearly all of it for tables, graphs and attributes that look alike. These
are replaced by marks, and put back when black has formatted the rest:

    text ─ take out ─▶ text with marks ─ black ─▶ formatted ─ put back ─▶ module

What is taken out is laid out as black would do it; a test compares the result with that of black alone. It is kept in
UTF-8, since a single emoji makes a `str` four times as large. The text comes in parts, so that it is never in memory
as one `str`; JSON is never a `str`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from io import StringIO
from itertools import groupby
from typing import Final

from invokable.codegen.python.code import Code, literal
from invokable.contract.statements import LONG, Span, items
from invokable.contract.utf8 import Utf8, cut

WIDTH: Final = 88  # the default of black and of ruff, so that a project formats it alike
line_length: ContextVar[int] = ContextVar("line_length", default=WIDTH)
"""The line length of the project's own formatter."""

_TABLE: Final = re.compile(
    r"^(\w+(?:: [^\n]*)? = (?:Literal\[|\(|(\{))\n)((?: {4}[^\n]*\n)++)(?=[\])}]$)", re.MULTILINE
)
_ATTRIBUTE: Final = (
    r"^(?P<margin>(?: {4}){1,2})\w+: "
    r"(?:Annotated\[\n {8}[^\n]*\n {4}\][^\n(]*|[^\n]* = \(\n(?: {8}[^\n]*\n)++ {4}\)|[^\n]*[^\n(\[{])\n"
    r"(?P=margin)\"\"\"(?:[^\"\\]++|\\.|\"(?!\"\"))*+\"\"\"\n\n"
)
_ONE: Final = re.compile(_ATTRIBUTE, re.MULTILINE)
_ATTRIBUTES: Final = re.compile(f"(?:{_ATTRIBUTE})++", re.MULTILINE)
_WIDE: Final = re.compile(
    r"^(?P<head> {4}\w+: Annotated\[)(?P<body>[^\n]*)(?P<tail>\](?: = [^\n()\[\]{}]*)?)(?=\n {4}\"\"\"[^\n])",
    re.MULTILINE,
)
_TEXT: Final = re.compile(r"^(?P<head> {4}\w+: [^\n]* = )(?P<text>\(\n(?:[\"'][^\n]*\n)++\))$", re.MULTILINE)
_LIST: Final = re.compile(r"\[\n((?:[^ {\n][^\n]*,\n|\(\n(?:[\"'][^\n]*\n)++\),\n)++)\]")
_OPENING: Final = re.compile(r"(?:\w+=)?\w*[(\[]")
_DOCSTRING: Final = re.compile(r'^( *)"""(?:[^"\\]++|\\.|"(?!""))*+"""$', re.MULTILINE | re.DOTALL)
_ALIASES: Final = re.compile(r"(?:^\w+ = Literal\[(?:[^\n]+|\n(?: {4}[^\n]*\n)++)\]\n)++", re.MULTILINE)
_EXPORTED: Final = re.compile(r"^__all__ = \[([^\n]*)\]$", re.MULTILINE)
_PARAMETERS: Final = re.compile(r"(?:^ {12}\w+: (?:[^\n]*|\(\n {16}[^\n]*\n {12}\)) = \.\.\.,\n)++", re.MULTILINE)
_PARAMETER: Final = re.compile(r" {12}\w+: (?:\(\n[^\n]*\n)?[^\n]*\n")
_UNION: Final = re.compile(r"^(?P<head> {12}\w+: )(?P<type>\w+(?: \| \w+)+) = \.\.\.,$", re.MULTILINE)
_UNSPLIT: Final = re.compile(r" {12}\w+: \w+ = \.\.\.,$| {8}(?:\"(?!\"\")|')")
_DOCUMENTS: Final = re.compile(r"^ +\"\"\"", re.MULTILINE)
_ATOM: Final = re.compile(r"(?<= = )(?:\"(?:[^\"\\\n]++|\\.)*+\"|'(?:[^'\\\n]++|\\.)*+')$", re.MULTILINE)
_INDICES: Final = re.compile(r"(?<=\bIndex\()[0-9, ]+(?=\))")
_FEW: Final = 200  # characters; shorter parts are not worth a mark
_SIGN: Final = "\x01"  # around the number of a mark; occurs in no text, since unprintable characters are escaped
_MARK: Final = re.compile(
    rf'r"""(?:\n|_*){_SIGN}(\d+){_SIGN}(?:\n|_*)"""'
    rf'|^ +"{_SIGN}(\d+){_SIGN}"(?:: 0,|,\n +0,)\n|^ +_: 0 = "{_SIGN}(\d+){_SIGN}",\n'
    rf'|^ *"(?:"")?{_SIGN}(\d+){_SIGN}"(?:"")?\n'
    rf'|"_+{_SIGN}(\d+){_SIGN}"|^(?P<margin> +)"_*{_SIGN}(\d+):{_SIGN}",\n +0,\n'.encode(),
    re.MULTILINE,
)


def row(value: tuple[object, ...], *, indent: int = 4) -> Code:
    """A tuple of scalars as an entry of a table: on one line if it fits, else one item per line."""
    whole = literal(value)
    if indent + _width(whole) + 1 <= line_length.get():
        return whole
    margin = " " * indent
    return Code("(\n" + "".join(f"{margin}    {literal(item)},\n" for item in value) + f"{margin})")


def choices(name: str, values: Sequence[object]) -> Code:
    """An alias for a Literal: on one line if it fits, else all choices on one line, else one choice per line."""
    if len(values) > line_length.get():  # too many for a line, and for a list of their texts
        text = StringIO()
        text.write(f"{name} = Literal[\n")
        for value in values:
            text.write(f"    {literal(value)},\n")
        return Code(f"{text.getvalue()}]")
    parts = list(map(literal, values))
    joined = ", ".join(parts)
    if _width(f"{name} = Literal[{joined}]") <= line_length.get():
        return Code(f"{name} = Literal[{joined}]")
    body = joined if _width(joined) + 4 <= line_length.get() else ",\n    ".join(parts) + ","
    return Code(f"{name} = Literal[\n    {body}\n]")


def _width(text: str) -> int:
    """The columns that a text takes, counted as black does: wide characters take two."""
    from black.strings import str_width

    return str_width(text)


def item(source: Code, *, indent: int, end: str = ",") -> str:
    """The lines of a list item: one if it fits, else with the contents of its brackets on separate lines."""
    margin = " " * indent
    pieces = source.split("\n")[1:-1]  # of a text
    flat = f"({' '.join(pieces)})" if pieces else source
    opening = _OPENING.match(source)
    if opening is None or indent + _width(f"{flat}{end}") <= line_length.get():
        return f"{margin}{flat}{end}\n"
    inside = flat[opening.end() : -1]
    if indent + 4 + _width(inside) <= line_length.get():
        body = f"{margin}    {inside}\n"
    elif pieces:
        body = "".join(f"{margin}    {piece}\n" for piece in pieces)
    else:
        text = inside.encode()
        parts = [text[part.start : part.end].decode().strip() for part in items(text, Span(0, len(text)))]
        body = "".join(item(Code(part), indent=indent + 4, end="," if len(parts) > 1 else "") for part in parts)
    return f"{margin}{opening[0]}\n{body}{margin}{source[-1]}{end}\n"


def _items(text: str) -> Iterator[Code]:
    """The items of a list with one item per line, or a text on several lines."""
    lines = iter(text.split(",\n")[:-1])
    for line in lines:
        while line.startswith("(\n") and not line.endswith("\n)"):
            line += f",\n{next(lines)}"
        yield Code(line)


def _split(match: re.Match[str]) -> str:
    """An attribute that is too long for a line, with its default or the contents of its brackets on a separate line."""
    head, body, tail = match["head"], match["body"], match["tail"]
    bracket, _, default = tail.partition(" = ")
    before = f"{head}{body}{bracket}"
    width = line_length.get()
    if default and _width(f"{before} = (") <= width < _width(match[0]) and _width(default) + 8 <= width:
        return f"{before} = (\n        {default}\n    )"
    if _width(f"{before} = (" if default else before) <= width or _width(body) + 8 > width:
        return match[0]
    return f"{head}\n        {body}\n    {tail}"


def _spread(match: re.Match[str]) -> str:
    """An attribute whose default is a text on several lines."""
    head, text = match["head"], match["text"]
    flat = " ".join(text.split("\n")[1:-1])
    if _width(f"{head}{flat}") <= line_length.get() or _width(f"{head}(") > line_length.get():
        return match[0]
    return f"{head}{item(Code(text), indent=4, end='').lstrip(' ')}".removesuffix("\n")


def _stays(text: str) -> bool:
    """Whether black leaves all lines of a text as they are: they fit, or nothing in them can be split.

    In a docstring, black moves only the end, and counts characters instead of columns for that.
    """
    begin = found.start() if (found := _DOCUMENTS.search(text)) else len(text)
    code, docstring = text[:begin], text[begin:].rstrip("\n")
    fits = "\n" in docstring or len(docstring) <= line_length.get()
    return fits and all(_width(line) <= line_length.get() or _UNSPLIT.match(line) for line in code.split("\n"))


def _bracketed(match: re.Match[str]) -> str:
    """A parameter that is too long for a line, with its annotation on a separate line."""
    if _width(match[0]) <= line_length.get() or _width(match["type"]) + 16 > line_length.get():
        return match[0]
    return f"{match['head']}(\n                {match['type']}\n            ) = ...,"


class Layout:
    """The text of a module before black, and what was taken out of it."""

    def __init__(self) -> None:
        self._text: list[bytes] = []
        self._kept: dict[int, Utf8] = {}

    def raw(self, text: Utf8) -> Code:
        """A raw string, or a mark in its place if it is long."""
        if len(text) <= max(_FEW, line_length.get()):
            return Code(text.decode())
        # black puts parentheses around values that are too long for a line
        filling = "\n" if b"\n" in text else "_" * line_length.get()
        return Code(f'r"""{filling}{self._mark(text)}{filling}"""')

    def docstring(self, pieces: Iterable[str], indent: int) -> Code:
        """A docstring of the built-in templates, or a mark in its place if it is long."""
        text = bytearray(b" " * indent)
        for piece in pieces:
            text += piece.encode()
        if len(text) <= _FEW:
            return Code(text[indent:].decode())
        text += b"\n"
        return Code(f'"""{self._mark(text)}"""')

    def add(self, text: str) -> None:
        """Add text that black has to lay out."""
        self._text.append(text.encode())

    def take_apart(self, text: str) -> None:
        """Add text of the built-in templates. It may end before any statement, but not between rows of a table."""
        text = _EXPORTED.sub(self._exported, _ALIASES.sub(self._aliases, text))
        text = _TEXT.sub(_spread, _LIST.sub(self._list, text))
        text = _WIDE.sub(_split, _TABLE.sub(self._table, text))
        text = _UNION.sub(_bracketed, text)
        text = _PARAMETERS.sub(self._parameters, _ATTRIBUTES.sub(self._attributes, text))
        self.add(_ATOM.sub(self._atom, _INDICES.sub(self._indices, _DOCSTRING.sub(self._docstring, text))))

    def put_back(self, black: Callable[[str], str] | None = None) -> bytearray:
        """The whole text in UTF-8, laid out by `black`. Call it only once. Raises what `black` raises."""
        text, self._text = b"".join(self._text), []
        if black is not None:
            text = black(text.decode()).encode()
        whole, position = bytearray(), 0
        for match in _MARK.finditer(text):
            whole += cut(text, position, match.start())
            whole += self._unmarked(match)
            position = match.end()
        whole += cut(text, position, len(text))
        return whole

    def _unmarked(self, match: re.Match[bytes]) -> Utf8:
        kept = self._kept.pop(int(match[match.lastindex or 0]))
        margin = match["margin"]
        if margin is None:
            return kept
        # Joined in UTF-8: a single emoji quadruples the size of a str.
        text = bytearray()
        for source in _items(kept.decode()):
            text += item(source, indent=len(margin)).encode()
        return text

    def _mark(self, block: str | Utf8, kind: str = "") -> str:
        number = len(self._kept)
        self._kept[number] = block.encode() if isinstance(block, str) else block
        return f"{_SIGN}{number}{kind}{_SIGN}"

    def _table(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        return f'{match[1]}    "{self._mark(match[3])}"{": 0" if match[2] else f",{chr(10)}    0"},\n'

    def _atom(self, match: re.Match[str]) -> str:
        return f'"{"_" * line_length.get()}{self._mark(match[0])}"' if len(match[0]) > LONG else match[0]

    def _list(self, match: re.Match[str]) -> str:
        # black keeps a list in a lambda on one line if it fits, even with a trailing comma
        return f'["{"_" * line_length.get()}{self._mark(match[1], ":")}", 0,]'

    def _aliases(self, match: re.Match[str]) -> str:
        return f'"{self._mark(match[0])}"\n' if len(match[0]) > _FEW else match[0]

    def _exported(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        names = match[1].replace(", ", ",\n    ")
        return f'__all__ = [\n    "{self._mark(f"    {names},{chr(10)}")}",\n    0,\n]'

    def _docstring(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        return f'{match[1]}"""{self._mark(f"{match[0]}{chr(10)}")}"""'

    def _indices(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        rows = "".join(f"            {index},\n" for index in match[0].split(", "))
        return f'"{self._mark(rows)}", 0,'

    def _parameters(self, match: re.Match[str]) -> str:
        text = []
        for fits, ones in groupby(_PARAMETER.findall(match[0]), key=_stays):
            block = "".join(ones)
            marked = fits and len(block) > _FEW
            text.append(f'            _: 0 = "{self._mark(block)}",\n' if marked else block)
        return "".join(text)

    def _attributes(self, match: re.Match[str]) -> str:
        text = []
        for fits, ones in groupby((one[0] for one in _ONE.finditer(match[0])), key=_stays):
            block = "".join(ones)
            if fits and len(block) > _FEW:
                block = f'{match["margin"]}"{self._mark(block.removesuffix(chr(10)))}"\n\n'
            text.append(block)
        return "".join(text)
