"""Python: source that is safe to run, formatted as by black."""
