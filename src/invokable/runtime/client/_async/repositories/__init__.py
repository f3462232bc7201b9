"""Repositories: what is on a server, by kind. Thin faces of the steps that decide.

    boards   images   videos   models   queue   workflows   style_presets   server

The same names do the same everywhere: `list` gives an iterator, `get` takes what identifies one, `find` a name that
only one has, `create` and `upload` make one, `delete` removes it. What is not there is a NotFoundError with the nearest
names.
"""
