"""The clients: HTTP, reading and saving files, and the driving of steps."""
