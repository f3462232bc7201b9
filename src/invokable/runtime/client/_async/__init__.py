"""The asynchronous client: the source of both. `python -m tests.unasync` makes the blocking one of it."""
