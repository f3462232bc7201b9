"""The blocking client, made of `_async` by `python -m tests.unasync`."""
