"""Repositories: what is on a server, by kind. Thin wrappers around the steps.

    boards   images   videos   models   queue   workflows   style_presets   server

The same method names mean the same everywhere: `list` returns an iterator, `get` takes an id, `find` takes a unique
name, `create` and `upload` create one, `delete` deletes it. If there is none, NotFoundError lists the nearest names.
"""
