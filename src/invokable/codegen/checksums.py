"""Checksums: of the source, and of the module's own text.

They find accidents: a stale source, an edited module. They are no protection against
someone who means to deceive.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Final

_BODY_LINE: Final = re.compile(r'^BODY_SHA256: Final = \(?\s*"([0-9a-f]{64})"\s*\)?$', re.MULTILINE)
_NO_DIGEST: Final = "0" * 64


def source_checksum(document: object) -> str:
    """SHA-256 of a workflow as canonical JSON, so that another layout of the same file changes nothing."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def sign_body(text: str) -> str:
    """The text of a module with the checksum of its own body filled in."""
    blank = _blank_body(text)
    digest = sha256(blank.encode("utf-8")).hexdigest()
    return _BODY_LINE.sub(lambda match: match[0].replace(match[1], digest), blank, count=1)


def body_is_intact(text: str) -> bool:
    """Whether nobody has edited a module since it was written. False also for a text without a checksum."""
    return has_body_checksum(text) and sign_body(text) == text


def has_body_checksum(text: str) -> bool:
    """Whether a text has the line that holds the checksum of its own body."""
    return bool(_BODY_LINE.search(text))


def _blank_body(text: str) -> str:
    return _BODY_LINE.sub(lambda match: match[0].replace(match[1], _NO_DIGEST), text, count=1)
