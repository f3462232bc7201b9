"""From bytes to JSON: strict about JSON, tolerant about the container of the workflow."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.workflow import WorkflowFileError, read_document
from invokable.workflow import document as document_module

TEXT = '{"name": "Füchse", "nodes": []}'
JSON = {"name": "Füchse", "nodes": []}


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in [(b"IHDR", b"\0" * 13), *chunks, (b"IEND", b"")]:
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return out


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", b"invokeai_workflow\0" + TEXT.encode("latin-1")),
        (b"zTXt", b"invokeai_workflow\0\0" + zlib.compress(TEXT.encode("latin-1"))),
        (b"iTXt", b"invokeai_workflow\0\0\0\0\0" + TEXT.encode()),
        (b"iTXt", b"invokeai_workflow\0\1\0en\0workflow\0" + zlib.compress(TEXT.encode())),
    ],
)
def test_an_image_gives_the_workflow_it_embeds(kind: bytes, body: bytes) -> None:
    other = (b"tEXt", b"invokeai_metadata\0{}")
    assert read_document(png(other, (kind, body))) == JSON


def test_an_image_without_a_workflow_says_so() -> None:
    with pytest.raises(WorkflowFileError, match=r"^the image has no embedded InvokeAI workflow"):
        read_document(png((b"tEXt", b"invokeai_metadata\0{}")))


def test_a_damaged_compressed_workflow_is_refused() -> None:
    with pytest.raises(WorkflowFileError, match="damaged"):
        read_document(png((b"zTXt", b"invokeai_workflow\0\0no zlib")))


def test_an_image_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "MAX_BYTES", 2**20)
    bomb = zlib.compress(b" " * 2**21)
    with pytest.raises(WorkflowFileError, match="larger than 1 MiB"):
        read_document(png((b"zTXt", b"invokeai_workflow\0\0" + bomb)))


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_module, "MAX_BYTES", 2**20)
    with pytest.raises(WorkflowFileError, match="larger than 1 MiB"):
        read_document(b" " * (2**20 + 1))


def test_a_record_of_the_library_is_unwrapped() -> None:
    record = {"workflow_id": "1", "name": "x", "created_at": "", "updated_at": "", "workflow": JSON}
    assert read_document(json.dumps(record).encode()) == JSON


def test_an_object_that_merely_has_a_workflow_is_left_alone() -> None:
    wrapper = {"workflow": JSON}
    assert read_document(json.dumps(wrapper).encode()) == wrapper


def test_short_texts_that_are_equal_are_kept_once() -> None:
    found: Any = read_document(b'[{"id": "node", "source": "node"}, {"target": "node"}]')
    assert found[0]["id"] is found[0]["source"] is found[1]["target"]


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert read_document(b"\xef\xbb\xbf" + TEXT.encode()) == JSON


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: line 1, column 1"),
        ("{\n 'a': 1}", "not JSON: line 2, column 2"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' occurs twice"),
        ("[NaN]", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("[1e400]", "too large"),
        ("[" + "9" * 5000 + "]", "too large"),
        ("[" + "9" * 309 + "]", "too large"),
        ("[" * 9_000 + "]" * 9_000, "levels deep"),
        ("[" * 9_000, "levels deep|expecting value"),
        ("[" * 300 + "]" * 300, "levels deep"),
        ('{"a":' * 300 + "1" + "}" * 300, "levels deep"),
    ],
)
def test_anything_but_strict_json_is_refused(text: str, message: str) -> None:
    with pytest.raises(WorkflowFileError, match=message):
        read_document(text.encode())


@pytest.mark.parametrize("item", ["{}", "[]", '{"":0}', '"ab"', "1e9", '["a, b"]'])
def test_a_file_of_nearly_empty_values_is_refused(item: str) -> None:
    text = f"[{','.join([item] * 50_000)}]"
    with pytest.raises(WorkflowFileError, match=r"holds \d+ .*; a workflow of its size has fewer than \d+"):
        read_document(text.encode())


def test_a_small_file_may_hold_many_values() -> None:
    assert len(read_document(json.dumps([0] * 19_000).encode())) == 19_000  # type: ignore[arg-type]


def test_commas_and_brackets_in_texts_are_not_values() -> None:
    text = '[{,"\\' * 50_000
    assert read_document(json.dumps([text, {}]).encode()) == [text, {}]


def test_a_lone_surrogate_is_refused_with_its_location() -> None:
    with pytest.raises(WorkflowFileError, match="surrogate") as caught:
        read_document(b'{"a/b": [0, {"c": "\\ud83e"}]}')
    assert caught.value.pointer == "/a~1b/1/c"


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert read_document(b'["\\ud83e\\udd8a"]') == ["🦊"]


def test_bytes_that_are_not_text_are_refused() -> None:
    with pytest.raises(WorkflowFileError, match="neither UTF-8 text nor a PNG"):
        read_document(bytes(range(256)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_text_in_another_encoding_is_refused_with_its_name(encoding: str) -> None:
    with pytest.raises(WorkflowFileError, match=f"is text in {encoding[:6].upper()}; save it in UTF-8"):
        read_document('{"name": "ä"}'.encode(encoding))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_every_json_value_comes_back_as_it_was_written(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert read_document(text.encode()) == value


def is_read_or_refused(data: bytes) -> bool:
    try:
        read_document(data)
    except WorkflowFileError as error:
        return bool(error.message)
    return True


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"\x89PNG\r\n\x1a\n", b"{"):
        assert is_read_or_refused(prefix + data)
