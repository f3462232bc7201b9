"""Plain: any text on one line, safe for a terminal and a log."""

from __future__ import annotations


def plain(text: str) -> str:
    """Text with line breaks and other characters that do not print, such as control characters, escaped."""
    if text.isprintable():
        return text
    hidden = (character for character in set(text) if not character.isprintable())
    return text.translate({ord(c): c.encode("unicode_escape").decode("ascii") for c in hidden})
