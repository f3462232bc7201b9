"""From the bytes of a file to its JSON: text, or an InvokeAI image with an embedded workflow.

JSON is read strictly. Whatever Python accepts but other programs read differently is refused: duplicate keys, NaN and
infinities, numbers beyond a double, lone surrogates, and nesting that would exhaust the stack.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NoReturn

from invokable.contract.density import crowding
from invokable.contract.json_parts import not_json
from invokable.contract.reading import read_up_to
from invokable.contract.vocabulary import PNG_PREFIX
from invokable.workflow.errors import WorkflowFileError, pointer, quoted

MAX_BYTES = 64 * 1024 * 1024
"""The largest file, and the largest workflow that an image may unpack to."""

MAX_DEPTH = 190
"""The deepest nesting of arrays and objects. Workflows from the editor have about ten levels.

pydantic reads JSON of up to 200 levels, and the server repeats a workflow within its answers.
"""

_SHARED = 40
"""Characters of a text that is only kept once: ids, types, versions and the names of fields occur again and again."""

_PNG = b"\x89PNG\r\n\x1a\n"
SUFFIXES = (".json", ".png")
"""How the names of files end that may contain a workflow."""
PNG_KEYWORD = f"{PNG_PREFIX}workflow".encode()
"""What a PNG file calls the text that is its workflow."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LIBRARY_RECORD = {"workflow_id", "name", "created_at", "updated_at", "workflow"}


def read_document(data: bytes) -> object:
    """Return the JSON of a workflow file.

    Args:
        data: The file's bytes: JSON text in UTF-8, or a PNG image with an embedded workflow. A record of a server's
            workflow library is unwrapped.

    Raises:
        WorkflowFileError: The file is too large, contains no workflow, or is not strict JSON.
    """
    if len(data) > MAX_BYTES:
        raise WorkflowFileError(f"is larger than {MAX_BYTES // 2**20} MiB")
    if data.startswith(_PNG):
        data = _embedded(data)
    if crowded := crowding(data, "a workflow"):
        raise WorkflowFileError(f"holds {crowded}")
    return _unwrapped(_strict_json(_text(data)))


def is_workflow(document: object) -> bool:
    """Whether a document has the outline of a workflow, readable or not."""
    return isinstance(document, dict) and all(isinstance(document.get(key), list) for key in ("nodes", "edges"))


def read_bytes(file: BinaryIO) -> bytes:
    """Return the bytes of a file up to just over `MAX_BYTES`, so that `read_document` can refuse larger files."""
    return read_up_to(MAX_BYTES, file)


def _text(data: bytes) -> str:
    encoding = json.detect_encoding(data)
    start = data[:64].decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n")
    if not encoding.startswith("utf-8") and start.startswith("{"):  # as PowerShell redirects output into a file
        raise WorkflowFileError(f"is text in {encoding[:6].upper()}; save it in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkflowFileError("is neither UTF-8 text nor a PNG image") from error


def _unwrapped(document: object) -> object:
    """Return the workflow from a record of the server's library.

    The editor does not open records, so anything less than a whole record is left to the workflow's own checks.
    """
    if isinstance(document, dict) and document.keys() >= _LIBRARY_RECORD:
        workflow: object = document["workflow"]
        return workflow
    return document


# --- JSON -------------------------------------------------------------------------------------------------------------


def _strict_json(text: str) -> object:
    known: dict[str, str] = {}

    def pairs(entries: list[tuple[str, object]]) -> dict[str, object]:
        record = dict(entries)
        if len(record) != len(entries):
            seen: set[str] = set()
            twice = next(key for key, _ in entries if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            raise WorkflowFileError(f"the key {quoted(twice)} occurs twice in one object")
        for key, value in entries:
            if type(value) is str and len(value) <= _SHARED:
                record[key] = known.setdefault(value, value)
        return record

    def constant(literal: str) -> NoReturn:
        raise WorkflowFileError(f"{literal} is not a JSON number")

    def decimal(literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            raise WorkflowFileError(f"the number {quoted(literal, 30)} is too large")
        return value

    def integer(literal: str) -> int:
        # A double holds no integer of more digits, and Python refuses to read very long ones.
        if len(literal) > 310 or not math.isfinite(float(literal)):
            raise WorkflowFileError(f"the number {quoted(literal, 30)} is too large")
        return int(literal)

    try:
        document: object = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=decimal, parse_int=integer
        )
    except json.JSONDecodeError as error:
        raise WorkflowFileError(not_json(error)) from error
    except RecursionError as error:
        raise WorkflowFileError(f"nests more than {MAX_DEPTH} levels deep") from error
    _check_depth(document)
    if _SURROGATE.search(text):
        _check_surrogates(document)
    return document


def _check_depth(document: object) -> None:
    """Refuse nesting that is too deep for other recursive code."""
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            value
            for parent in level
            for value in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
            if isinstance(value, (dict, list))
        ]
        if not level:
            return
    raise WorkflowFileError(f"nests more than {MAX_DEPTH} levels deep")


def _check_surrogates(document: object) -> None:
    """Refuse lone surrogates, which UTF-8 cannot encode."""
    path = _path_to_surrogate(document)
    if path is not None:
        shown = (str(part).encode(errors="replace").decode() for part in reversed(path))
        raise WorkflowFileError("found a lone surrogate, which is not a character", pointer(*shown))


def _path_to_surrogate(value: object) -> list[str | int] | None:
    """Return the path from a lone surrogate up to `value`, None without one. Recursion ends at `MAX_DEPTH`."""
    children: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, str):
        return None if _is_encodable(value) else []
    if isinstance(value, list):
        children = enumerate(value)
    elif isinstance(value, dict):
        if not all(map(_is_encodable, value)):
            return []
        children = value.items()
    for key, child in children:
        path = _path_to_surrogate(child)
        if path is not None:
            path.append(key)
            return path
    return None


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- PNG --------------------------------------------------------------------------------------------------------------


def _embedded(data: bytes) -> bytes:
    """Return the text of the PNG chunk with the workflow of an image."""
    for kind, body in _chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt") and body.startswith(PNG_KEYWORD + b"\0"):
            return _chunk_text(kind, body[len(PNG_KEYWORD) + 1 :])
    raise WorkflowFileError("the image has no embedded InvokeAI workflow")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_PNG)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length


def _chunk_text(kind: bytes, body: bytes) -> bytes:
    if kind == b"tEXt":
        return body.decode("latin-1").encode()
    if kind == b"zTXt":
        return _inflated(body[1:]).decode("latin-1").encode()
    compressed = body[:1] == b"\1"
    # Compression flag and method, then language tag and translated keyword, each terminated by a zero byte.
    text = body[2:].split(b"\0", 2)[-1]
    return _inflated(text) if compressed else text


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise WorkflowFileError("the workflow in the image is damaged") from error
    if inflater.unconsumed_tail:
        raise WorkflowFileError(f"the workflow in the image is larger than {MAX_BYTES // 2**20} MiB")
    return text
