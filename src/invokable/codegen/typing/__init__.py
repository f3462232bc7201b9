"""Typing: from a node's schema to the annotation, default, limits and choices of an input, and to outputs."""
