"""How the server is asked: HTTP and Socket.IO, in process or on a port."""
