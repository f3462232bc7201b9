"""Project: configuration, sources, schemas and the lock file."""
