"""Describing: docstrings, from the author's words and our own glossary."""
