"""The server's API: HTTP and Socket.IO, in process or on a port."""
