"""`python -m invokable.schema.build`: openapi documents in, a catalogue file out."""

from __future__ import annotations

import functools
import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from invokable.schema import Schema, SchemaError, parse_openapi
from invokable.schema.build import main, pack, read_openapi
from invokable.schema.records import Decoder
from tests.schema.documents import IMAGE_REF, NULL, Json, field, openapi

RICH: Json = openapi(
    {
        "shade": field({"type": "integer", "minimum": 1, "maximum": 9}, default=3),
        "style": field({"type": "string", "enum": ["b", "a"]}, ui_choice_labels={"b": "Bold", "a": "Airy"}),
        "sampler": field({"type": "string", "enum": ["lcm"], "ui_type": "SchedulerField"}),
        "model": field({"$ref": "#/c/ModelIdentifierField"}, ui_model_base=["flux"]),
        "image": field({"anyOf": [IMAGE_REF, NULL]}),
        "tones": field(
            {"type": "array", "items": {"type": "number", "minimum": 0}, "maxItems": 3},
            ui_hidden=True,
        ),
        "note": field({"type": "string"}, default="\N{ARTIST PALETTE} \ud800"),
    },
    {
        "image": {"field_kind": "output", **IMAGE_REF},
        "style": {"field_kind": "output", "type": "string", "enum": ["b", "a"]},
    },
)


@pytest.fixture
def documents(tmp_path: Path) -> list[str]:
    """Three versions; the last two share their node."""
    paths = []
    for version, document in (("9.0.0", openapi()), ("10.0.0", RICH), ("10.0.0rc1", RICH)):
        path = tmp_path / f"{version}.json"
        path.write_text(json.dumps(document))
        paths.append(str(path))
    return paths


def _unpack(path: Path) -> Decoder:
    return Decoder(json.loads(gzip.decompress(path.read_bytes())))


def test_a_built_file_returns_every_template(tmp_path: Path, documents: list[str]) -> None:
    out = tmp_path / "out.gz"

    assert main([*documents, "-o", str(out)]) == 0

    found = _unpack(out).schema("10.0.0", origin="o").nodes["tint"]
    assert found == parse_openapi(RICH, origin="o").nodes["tint"]
    assert found.outputs["style"].options == ("b", "a")
    assert list(found.inputs) == ["shade", "style", "sampler", "model", "image", "tones", "note"]


def test_versions_ascend_and_a_candidate_comes_before_its_release(tmp_path: Path, documents: list[str]) -> None:
    main([*documents, "-o", str(tmp_path / "out.gz")])

    assert list(_unpack(tmp_path / "out.gz").versions) == ["9.0.0", "10.0.0rc1", "10.0.0"]


def test_what_versions_share_is_written_once(tmp_path: Path, documents: list[str]) -> None:
    main([*documents, "-o", str(tmp_path / "out.gz")])

    record = json.loads(gzip.decompress((tmp_path / "out.gz").read_bytes()))
    assert len(record["nodes"]) == 2


def test_building_twice_in_any_order_gives_the_same_bytes(tmp_path: Path, documents: list[str]) -> None:
    for name, sources, seed in (("a", documents, "1"), ("b", documents[::-1], "2")):
        subprocess.run(
            [sys.executable, "-m", "invokable.schema.build", *sources, "-o", tmp_path / name],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("6.14.2.json", "6.14.2"),
        ("6.14.2.json.gz", "6.14.2"),
        ("openapi-7.0.0rc2.json", "7.0.0rc2"),
    ],
)
def test_version_comes_from_the_file_name(tmp_path: Path, name: str, version: str) -> None:
    data = json.dumps(RICH).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    schema = read_openapi(str(tmp_path / name))

    assert (schema.version, schema.origin) == (version, str(tmp_path / name))


def test_version_comes_from_the_document_where_that_says_the_server_s(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(RICH | {"info": {"version": "7.1.0"}}))

    assert read_openapi(str(tmp_path / "openapi.json")).version == "7.1.0"


@pytest.mark.parametrize("pack_up", [bytes, gzip.compress])
def test_a_document_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack_up: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr("invokable.schema.build._LARGEST", 2**20)
    path = tmp_path / "openapi-6.14.2.json"
    path.write_bytes(pack_up(json.dumps(RICH).encode() + b" " * 2**20))
    with pytest.raises(SchemaError, match="is larger than 1 MiB"):
        read_openapi(str(path))


def test_document_without_a_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(RICH))

    with pytest.raises(SchemaError, match="put the version in the file name"):
        read_openapi(str(tmp_path / "openapi.json"))


def test_version_option_wins(tmp_path: Path, documents: list[str]) -> None:
    main([documents[0], "--version", "1.2.3", "-o", str(tmp_path / "out.gz")])

    assert list(_unpack(tmp_path / "out.gz").versions) == ["1.2.3"]


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Do not log to stderr, which belongs to the code under test."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server of the folder."""
    handler = functools.partial(_QuietHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_document_is_read_from_a_server(tmp_path: Path, server: str) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(RICH))

    schema = read_openapi(f"{server}/openapi.json", version="6.14.2")

    assert isinstance(schema, Schema)
    assert schema.nodes == parse_openapi(RICH, origin="").nodes


def test_server_without_the_document_is_refused(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"{server}/openapi.json"

    assert main([source, "-o", str(tmp_path / "out.gz")]) == 2
    assert capsys.readouterr().err == f"{source}: HTTP Error 404: File not found\n"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"", "is not JSON: line 1, column 1: expecting value", id="empty"),
        pytest.param(b"[]", "the document should be an object, not a list", id="list"),
        pytest.param(b"\xff\xfe\x00", "is not JSON: 'utf-16-le' codec", id="no text"),
        pytest.param(b"\x1f\x8bbroken", "is not JSON: ", id="broken gzip"),
        pytest.param(gzip.compress(b"{}")[:-9], "is not JSON: ", id="cut gzip"),
        pytest.param(b"[" * 9_000, "is not JSON: ", id="nested without end"),
        pytest.param(b"[" * 200_000, "holds 200000 arrays and objects; an openapi.json of its size", id="crowded"),
        pytest.param(
            json.dumps(openapi({"x": field({"type": "number"}, default=1e999)})).encode(),
            "/components/schemas/TintInvocation/properties/x/default should be a finite number",
            id="infinite default",
        ),
    ],
)
def test_bad_document_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, complaint: str
) -> None:
    source, out = tmp_path / "openapi.json", tmp_path / "out.gz"
    source.write_bytes(data)

    assert main([str(source), "-o", str(out)]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"{source}: {complaint}")
    assert error.count("\n") == 1
    assert not out.exists()


def test_missing_document_and_unwritable_output_are_refused(
    tmp_path: Path, documents: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "missing.json")

    assert main([missing, "-o", str(tmp_path / "out.gz")]) == 2
    assert main([documents[0], "-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (f"{missing}: No such file or directory\n{tmp_path}: Is a directory\n")


def test_two_documents_of_one_version_are_refused(
    tmp_path: Path, documents: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*documents, "--version", "6.0.0", "-o", str(tmp_path / "out.gz")]) == 2
    assert capsys.readouterr().err == f"{documents[1]}: a second document of version '6.0.0'\n"


def test_usage_error_exits_with_2() -> None:
    with pytest.raises(SystemExit) as stop:
        main([])

    assert stop.value.code == 2


def test_no_schema_at_all_still_packs() -> None:
    assert Decoder(json.loads(gzip.decompress(pack([])))).versions == {}
