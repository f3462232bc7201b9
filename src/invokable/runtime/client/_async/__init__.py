"""The asynchronous client. `python -m tests.unasync` generates the blocking client from it."""
