"""Steps: what a run decides, without I/O. A client does what the steps ask for."""
