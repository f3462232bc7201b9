"""The programs that `tests.bench.clients` runs, each in a process of its own."""
