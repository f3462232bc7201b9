"""What steps yield to a client, retries, and how the server's answers are read."""
