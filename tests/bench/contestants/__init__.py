"""The programs that `tests.bench.clients` runs, each in a separate process."""
