"""What steps yield to a client, and how the server's answers are read."""
