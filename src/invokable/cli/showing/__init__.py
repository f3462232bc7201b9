"""Showing: what `invokable show` prints about a workflow or a module, as JSON with the same keys or as tables."""
