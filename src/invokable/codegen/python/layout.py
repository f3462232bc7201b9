"""Layout: the text of a module as black would lay it out, without the price of black for what is laid out already.

black takes some 5 seconds for a megabyte, nearly all of them for tables, graphs and attributes that look alike. Those
are taken out of the text, leaving a mark in their place, and put back once black has done the rest:

    text ─ take out ─▶ text with marks ─ black ─▶ formatted ─ put back ─▶ module

What is taken out has the layout of black by construction; a test compares the outcome with that of black alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import groupby
from typing import Final

from invokable.codegen.python.code import Code, literal

WIDTH: Final = 88  # the default of black and of ruff, so that a project formats it alike
line_length: ContextVar[int] = ContextVar("line_length", default=WIDTH)
"""How many columns a line may have: what the project's own formatter allows."""

_RAW: Final = re.compile(r'^(\w+: Final = )(r"""(?:\{|\[)[^\0]*?(?:\}|\])""")$', re.MULTILINE)
_TABLE: Final = re.compile(
    r"^(\w+(?:: [^\n]*)? = (?:Literal\[|\(|(\{))\n)((?: {4}[^\n]*\n)++)(?=[\])}]$)", re.MULTILINE
)
_ATTRIBUTE: Final = (
    r"^(?P<margin>(?: {4}){1,2})\w+: (?:Annotated\[\n {8}[^\n]*\n {4}\][^\n(]*|[^\n]*[^\n(\[{])\n"
    r"(?P=margin)\"\"\"(?:[^\"\\]++|\\.|\"(?!\"\"))*+\"\"\"\n\n"
)
_ONE: Final = re.compile(_ATTRIBUTE, re.MULTILINE)
_ATTRIBUTES: Final = re.compile(f"(?:{_ATTRIBUTE})++", re.MULTILINE)
_WIDE: Final = re.compile(
    r"^(?P<head> {4}\w+: Annotated\[)(?P<body>[^\n]*)(?P<tail>\](?: = [^\n()\[\]{}]*)?)(?=\n {4}\"\"\"[^\n])",
    re.MULTILINE,
)
_DOCSTRING: Final = re.compile(r'^( *)"""(?:[^"\\]++|\\.|"(?!""))*+"""$', re.MULTILINE | re.DOTALL)
_ALIASES: Final = re.compile(r"(?:^\w+ = Literal\[(?:[^\n]+|\n(?: {4}[^\n]*\n)++)\]\n)++", re.MULTILINE)
_EXPORTED: Final = re.compile(r"^__all__ = \[([^\n]*)\]$", re.MULTILINE)
_PARAMETERS: Final = re.compile(r"(?:^ {12}\w+: [^\n]* = \.\.\.,\n)++", re.MULTILINE)
_INDICES: Final = re.compile(r"(?<=\bIndex\()[0-9, ]+(?=\))")
_FEW: Final = 200  # characters that are not worth a mark


def row(value: tuple[object, ...], *, indent: int = 4) -> Code:
    """A tuple of scalars as an entry of a table: on one line where it fits, else an item a line."""
    whole = literal(value)
    if indent + _width(whole) + 1 <= line_length.get():
        return whole
    margin = " " * indent
    return Code("(\n" + "".join(f"{margin}    {literal(item)},\n" for item in value) + f"{margin})")


def choices(name: str, values: Sequence[object]) -> Code:
    """The alias of a Literal: on one line where it fits, else on one between the brackets, else a choice a line."""
    parts = list(map(literal, values))
    joined = ", ".join(parts)
    if _width(f"{name} = Literal[{joined}]") <= line_length.get():
        return Code(f"{name} = Literal[{joined}]")
    body = joined if _width(joined) + 4 <= line_length.get() else ",\n    ".join(parts) + ","
    return Code(f"{name} = Literal[\n    {body}\n]")


def _width(text: str) -> int:
    """The columns that a text takes, as black counts them: wide letters take two."""
    from black.strings import str_width

    return str_width(text)


def laid_out(text: str, black: Callable[[str], str]) -> str:
    """The text as `black` lays it out. Raises what `black` raises."""
    return _Marks(text).put_back(black)


def _split(match: re.Match[str]) -> str:
    """An attribute whose annotation alone is too long for a line, with what is in the brackets on a line of its own."""
    head, body, tail = match["head"], match["body"], match["tail"]
    before = f"{head}{body}{tail.partition(' = ')[0]}"
    width = line_length.get()
    if _width(f"{before} = (" if " = " in tail else before) <= width or _width(body) + 8 > width:
        return match[0]
    return f"{head}\n        {body}\n    {tail}"


def _fits(attribute: str) -> bool:
    return all(_width(line) <= line_length.get() for line in attribute.split("\n"))


class _Marks:
    """A text, and what was taken out of it. No text of a workflow can look like a mark: marks are none of its words."""

    def __init__(self, text: str) -> None:
        self._sign = "@"
        while self._sign in text:
            self._sign += "@"
        self._kept: list[str] = []
        text = _EXPORTED.sub(self._exported, _ALIASES.sub(self._aliases, _RAW.sub(self._raw, text)))
        text = _WIDE.sub(_split, _TABLE.sub(self._table, text))
        text = _PARAMETERS.sub(self._parameters, _ATTRIBUTES.sub(self._attributes, text))
        self._text = _INDICES.sub(self._indices, _DOCSTRING.sub(self._docstring, text))

    def put_back(self, black: Callable[[str], str]) -> str:
        """The whole text, the rest of it formatted."""
        sign = re.escape(self._sign)
        mark = re.compile(
            rf'r"""(?:\n|_*){sign}(\d+){sign}(?:\n|_*)"""'
            rf'|^ +"{sign}(\d+){sign}"(?:: 0,|,\n +0,)\n|^ +_: 0 = "{sign}(\d+){sign}",\n'
            rf'|^ *"(?:"")?{sign}(\d+){sign}"(?:"")?\n',
            re.MULTILINE,
        )
        return mark.sub(lambda match: self._kept[int(next(filter(None, match.groups())))], black(self._text))

    def _mark(self, block: str) -> str:
        self._kept.append(block)
        return f"{self._sign}{len(self._kept) - 1}{self._sign}"

    def _raw(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        # black puts brackets around what is too long for a line
        filling = "\n" if "\n" in match[2] else "_" * line_length.get()
        return f'{match[1]}r"""{filling}{self._mark(match[2])}{filling}"""'

    def _table(self, match: re.Match[str]) -> str:
        if len(match[0]) <= _FEW:
            return match[0]
        return f'{match[1]}    "{self._mark(match[3])}"{": 0" if match[2] else f",{chr(10)}    0"},\n'

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
        for fits, ones in groupby(match[0].splitlines(keepends=True), key=_fits):
            block = "".join(ones)
            marked = fits and len(block) > _FEW
            text.append(f'            _: 0 = "{self._mark(block)}",\n' if marked else block)
        return "".join(text)

    def _attributes(self, match: re.Match[str]) -> str:
        text = []
        for fits, ones in groupby((one[0] for one in _ONE.finditer(match[0])), key=_fits):
            block = "".join(ones)
            if fits and len(block) > _FEW:
                block = f'{match["margin"]}"{self._mark(block.removesuffix(chr(10)))}"\n\n'
            text.append(block)
        return "".join(text)
