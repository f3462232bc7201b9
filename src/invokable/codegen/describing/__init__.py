"""Describing: docstrings, from the words of the workflow's author and a glossary of our own."""
