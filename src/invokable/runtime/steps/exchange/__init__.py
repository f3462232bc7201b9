"""What steps ask of a client, and how the server's answers are read."""
