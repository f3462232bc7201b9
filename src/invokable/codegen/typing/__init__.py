"""Typing: annotation, default, limits and choices of inputs, and the types of outputs, from a node's schema."""
