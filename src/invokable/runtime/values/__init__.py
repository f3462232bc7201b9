"""Values: what a generated module imports, including validation and JSON encoding of its inputs."""
