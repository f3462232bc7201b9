"""The clients: HTTP, reading and saving files, and driving steps."""
