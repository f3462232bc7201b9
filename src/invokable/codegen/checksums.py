"""Checksums: of the source, and of the module's own text.

They find accidents: a stale source, an edited module. They do not protect against
someone who means to deceive.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Final

from invokable.codegen.meaning import meaning_checksum

_BODY_LINE: Final = re.compile(r"""^BODY_SHA256: Final = \(?\s*["']([0-9a-f]{64})["']\s*\)?$""", re.MULTILINE)
_NO_DIGEST: Final = "0" * 64


def source_checksum(document: object) -> str:
    """SHA-256 of a workflow as canonical JSON, so that another layout of the same file changes nothing."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def sign_body(text: str) -> str:
    """The text of a module with the checksum of its own body filled in. What is not Python gets none."""
    digest = meaning_checksum(text, without="BODY_SHA256") or _NO_DIGEST
    return _BODY_LINE.sub(lambda match: match[0].replace(match[1], digest), text, count=1)


def body_is_intact(text: str) -> bool:
    """Whether nobody has edited a module since it was written, but for its layout. False without a checksum."""
    return body_checksum(text) not in (None, _NO_DIGEST) and body_checksum(text) == meaning_checksum(
        text, without="BODY_SHA256"
    )


def has_body_checksum(text: str) -> bool:
    """Whether a text has the line that holds the checksum of its own body."""
    return body_checksum(text) is not None


def body_checksum(text: str) -> str | None:
    """The checksum that a module carries of its own body."""
    match = _BODY_LINE.search(text)
    return match[1] if match else None
