"""Build a catalogue file: `python -m invokable.schema.build OPENAPI.json[.gz]… -o FILE`.

The same documents give the same bytes in any order.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import sys
import urllib.request
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Final

from invokable.contract.density import crowding
from invokable.contract.json_parts import not_json
from invokable.contract.reading import read_up_to
from invokable.schema.choice import recognized_version
from invokable.schema.model import Schema, SchemaError
from invokable.schema.openapi import parse_openapi
from invokable.schema.records import encode

_VERSION: Final = re.compile(r"\d+\.\d+\.\d+[0-9a-z.+-]*?(?=\.json|$)")
_TIMEOUT: Final = 30.0  # seconds
_LARGEST: Final = 64 * 2**20  # bytes of a document, also of one that is unpacked


def pack(schemas: Iterable[Schema]) -> bytes:
    """Return the catalogue file for these schemas."""
    ordered = sorted(schemas, key=lambda schema: _ascending(schema.version))
    text = json.dumps(encode(ordered), separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0)


def read_openapi(source: str, *, version: str | None = None) -> Schema:
    """Read the openapi.json in a file, plain or gzipped, or at an HTTP URL.

    Without `version`, the version comes from the file name (`6.14.2.json.gz`), else from the document's
    `info.version`, else from the bundled version with the same nodes. Raises OSError and SchemaError,
    also if none of these gives the version.
    """
    data = _read(source)
    try:
        data = _unpacked(data)
        if crowded := crowding(data, "an openapi.json"):
            raise SchemaError(f"holds {crowded}")
        document = json.loads(data)
    except (ValueError, EOFError, OSError, RecursionError, zlib.error) as error:
        raise SchemaError(not_json(error)) from error
    named = _VERSION.search(source.rpartition("/")[2])
    schema = parse_openapi(document, origin=source, version=version or (named and named[0]))
    if schema.version != "unknown":
        return schema
    recognized = recognized_version(schema)
    if recognized is None:
        raise SchemaError("unknown InvokeAI version; put the version in the file name: openapi-6.14.2.json")
    return replace(schema, version=recognized)


def _unpacked(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as file:
            data = read_up_to(_LARGEST, file)
    if len(data) > _LARGEST:
        raise SchemaError(f"is larger than {_LARGEST // 2**20} MiB")
    return data


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Return its exit status: 0, or 2 for unusable input."""
    options = _parser().parse_args(arguments)
    schemas: dict[str, Schema] = {}
    for source in options.openapi:
        try:
            schema = read_openapi(source, version=options.version)
        except (SchemaError, OSError) as error:
            return _refuse(source, error)
        if schema.version in schemas:
            complaint = f"a second document of version {schema.version!r}"
            return _refuse(source, SchemaError(complaint))
        schemas[schema.version] = schema
    packed = pack(schemas.values())
    try:
        Path(options.output).write_bytes(packed)
    except OSError as error:
        return _refuse(options.output, error)
    print(f"{options.output}: {len(schemas)} versions, {len(packed)} bytes")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m invokable.schema.build", description=__doc__)
    parser.add_argument("openapi", nargs="+", help="file or HTTP URL of an openapi.json")
    parser.add_argument("-o", "--output", required=True, help="the catalogue file to write")
    parser.add_argument("--version", help="version of the server that the document describes")
    return parser


def _read(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        with Path(source).open("rb") as file:
            return read_up_to(_LARGEST, file)
    try:
        with urllib.request.urlopen(source, timeout=_TIMEOUT) as response:
            return read_up_to(_LARGEST, response)
    except (ValueError, HTTPException) as error:
        raise OSError(f"not a valid answer from the server: {error!r}") from error


def _refuse(source: str, error: SchemaError | OSError) -> int:
    complaint = error.strerror if isinstance(error, OSError) and error.strerror else error
    print(f"{source}: {complaint}", file=sys.stderr)
    return 2


def _ascending(version: str) -> list[tuple[int, str]]:
    numbers_and_words = re.findall(r"0*([0-9]+)|([a-z]+)", version)
    key = [(-1, word) if word else (len(number), number) for number, word in numbers_and_words]
    return [*key, (0, "")]  # sorts 6.14.0rc1 before 6.14.0


if __name__ == "__main__":
    sys.exit(main())
