"""Code and text: the only place where strings become Python source.

A plain `str` is untrusted, wherever it came from. `Code` is source text that this package made. The template
environment emits `Code` and refuses everything else. The only ways from text to `Code` are the encoders below, one
for each kind of place in the source.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from unicodedata import category

from invokable.codegen.python.json_text import pieces
from invokable.contract.utf8 import Utf8

_SHORT_ESCAPES = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ODD = {quote: re.compile(rf"[^ -~]|[\\{quote}]") for quote in ('"', "'", "")}
"""The characters that may need an escape within such quotes."""
_NOT_ASCII = re.compile(r"[^\n -~]")
_SHORT_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_VERSION = re.compile(r"[0-9][\w.+!-]*", re.ASCII)
_MARK = re.compile(r"[-+*>]|[-=]{2,}|#{1,6}|[0-9]{1,9}[.)]")
"""Words that are Markdown syntax at the start of a line."""
_LINE = 72  # characters of text on a line of a long literal
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_MANY_LINES = 1_000  # of a text; more are joined, as most would be nearly empty
_LONG_LIST = 400  # characters of a list's items that fit on no line


class Code(str):
    """Python source text made by the generator itself."""

    __slots__ = ()


def identifier(name: str) -> Code:
    """A name, already chosen. Raises ValueError if it is not a valid identifier."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is not a valid identifier")
    return Code(name)


def version(number: str) -> Code:
    """A version number, for a comment. Raises ValueError for anything else."""
    if not _VERSION.fullmatch(number):
        raise ValueError(f"{number!r} is not a version number")
    return Code(number)


def literal(value: object) -> Code:
    """The expression of a JSON value or tuple. Raises TypeError for anything else."""
    match value:
        case None | bool() | int():
            return Code(repr(value))
        case float() if math.isfinite(value):
            return Code(repr(value).replace("e+", "e"))  # as black writes an exponent
        case str():
            return Code(_quote(value))
        case list():
            return Code(f"[{', '.join(map(literal, value))}]")
        case tuple():
            comma = "," if len(value) == 1 else ""
            return Code(f"({', '.join(map(literal, value))}{comma})")
        case Mapping():
            items = (f"{literal(key)}: {literal(item)}" for key, item in value.items())
            return Code(f"{{{', '.join(items)}}}")
    raise TypeError(f"cannot write {value!r} as a literal")


def text_literal(text: str) -> Code:
    """The expression of a text, on several lines if it is long or has line breaks."""
    pieces = []
    whole = len(text) <= _LINE or sum(map(text.count, _LINE_ENDS)) > _MANY_LINES
    for line in [text] if whole else text.splitlines(keepends=True):
        start = 0
        while len(line) - start > _LINE and (space := line.rfind(" ", start + 1, start + _LINE)) > 0:
            pieces.append(line[start : space + 1])
            start = space + 1
        pieces.append(line[start:])
    if len(pieces) < 2:
        return literal(text)
    return Code("(\n" + "\n".join(map(_quote, pieces)) + "\n)")


def list_of(items: Sequence[Code]) -> Code:
    """The expression of a list, one item per line if it is long."""
    long = sum(map(len, items)) > _LONG_LIST
    if long and not any("\n" in item and not item.startswith("(\n") for item in items):
        return Code("[\n" + "".join(f"{item},\n" for item in items) + "]")
    return Code(f"[{', '.join(items)}]")


class ListItem(NamedTuple):
    """An item of a list in a docstring."""

    text: str
    depth: int = 0


def docstring(paragraphs: Iterable[str | ListItem], *, indent: int = 0, width: int = 88) -> Code:
    """A docstring. Prose and list items are wrapped at `width`; code editors render them as Markdown.

    Words are encoded one by one before wrapping, so no later step can turn a hidden line break into a real one.
    """
    return Code("".join(docstring_pieces(paragraphs, indent=indent, width=width)))


def docstring_pieces(paragraphs: Iterable[str | ListItem], *, indent: int, width: int) -> Iterator[str]:
    """The text of a docstring in pieces, for one that is long."""
    margin = " " * indent
    lines = _docstring_lines(paragraphs, width - indent)
    line = next(lines, "")
    start, following = '"""', next(lines, None)
    whole = following is None and indent + len(line) + 6 <= width
    while following is not None:
        yield start + _opened(line) if start == '"""' else start + line
        start, line, following = f"\n{margin}" if following else "\n", following, next(lines, None)
    if whole and line.endswith('"'):
        line = f'{line[:-1]}\\"'  # before the start: a single quote is both
    yield start + _opened(line) if start == '"""' else start + line
    yield '"""' if whole else f'\n{margin}"""'


def _opened(line: str) -> str:
    """The first line of a docstring."""
    return f"\\{line}" if line.startswith('"') else line


def _docstring_lines(paragraphs: Iterable[str | ListItem], width: int) -> Iterator[str]:
    """The lines of paragraphs and of the list of the items, with an empty one between them."""
    last = None
    for number, paragraph in enumerate(paragraphs):
        block = "list" if isinstance(paragraph, ListItem) else number
        for line in _filled_item(paragraph, width) if isinstance(paragraph, ListItem) else _fill(paragraph, width):
            if last not in (None, block):
                yield ""
            yield line
            last = block


def _filled_item(item: ListItem, width: int) -> Iterator[str]:
    margin = "  " * item.depth
    mark = "- "
    for line in _fill(item.text, width - len(margin) - 2):
        yield f"{margin}{mark}{line}"
        mark = "  "


def json_text(value: object, *, lines: Sequence[str] = ()) -> Utf8:
    """JSON text in a raw string, in UTF-8; the members of the containers named in `lines` stand on a line each."""
    return _raw(_json_lines(value, frozenset(lines)))


def json_line(value: object) -> Utf8:
    """JSON text in a raw string, in UTF-8, on one line, as short as it gets."""
    return _raw(pieces(value, _SHORT_JSON))


def _quote(text: str) -> str:
    """The text in double quotes, or in single ones if that takes fewer escapes, as black does."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{_escaped(text, quote)}{quote}"


def _prose(text: str) -> str:
    escaped = _escaped(text.replace("](", "] ("), "")  # as Markdown: no link and no picture
    return escaped.replace('"""', '\\"\\"\\"')


def _escaped(text: str, quote: str) -> str:
    """The text with its characters escaped where such quotes require it."""
    if not _ODD[quote].search(text):
        return text
    odd = [c for c in set(text) if _ODD[quote].match(c) and (c <= "\x7f" or not _prints(c))]
    return text.translate({ord(c): _escape(c) for c in odd}) if odd else text


def _prints(character: str) -> bool:
    """Whether a character can be in source unescaped; control and format characters and unusual spaces cannot.

    `str.isprintable` would do, but its answer for unassigned characters differs between Python versions.
    """
    if character < "\x7f":
        return character >= " "
    if "\U00013430" <= character <= "\U0001345f" or character >= "\U000e0000":
        return False  # format controls, some unknown to older Python versions
    return category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _fill(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in _unbroken(map(_prose, text.split())):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def _unbroken(words: Iterable[str]) -> Iterator[str]:
    """The words, each joined with the marks after it that would start a list or heading at the start of a line."""
    held: list[str] = []
    for word in words:
        if held and not _MARK.fullmatch(word):
            yield " ".join(held)
            held = []
        held.append(word)
    if held:
        yield " ".join(held)


def _raw(text: Iterable[str]) -> Utf8:
    raw = bytearray(b'r"""')
    for piece in text:
        raw += _printable(piece).encode()
    raw += b'"""'
    return raw


def _json_lines(value: object, spread: frozenset[str]) -> Iterator[str]:
    """The text in pieces, of which each ends where another line begins, or a container does."""
    if not isinstance(value, Mapping):
        yield from _spread("[", map(_json, value), "]") if isinstance(value, list) and "" in spread else [_json(value)]
        return
    between = "{\n"
    for key, item in value.items():
        yield f"{between}{_json(key)}: "
        if key in spread and isinstance(item, Mapping) and item:
            yield from _spread("{", (f"{_json(k)}: {_json(v)}" for k, v in item.items()), "}")
        elif key in spread and isinstance(item, list) and item:
            yield from _spread("[", map(_json, item), "]")
        elif isinstance(item, Mapping) and not spread.isdisjoint(item):
            yield from _json_lines(item, spread)
        else:
            yield _json(item)
        between = ",\n"
    yield "\n}" if value else "{}"


def _spread(opening: str, members: Iterable[str], closing: str) -> Iterator[str]:
    between = f"{opening}\n"
    for member in members:
        yield between + member
        between = ",\n"
    yield f"\n{closing}" if between == ",\n" else opening + closing


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _printable(text: str) -> str:
    """JSON text with unprintable characters as JSON escapes, except the line ends of the layout."""
    if '"""' in text:  # impossible: in JSON two strings are never adjacent
        raise ValueError("three quotes in a row in JSON text")
    if not _NOT_ASCII.search(text):
        return text
    hidden = [character for character in set(text) if character != "\n" and not _prints(character)]
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in hidden}) if hidden else text
