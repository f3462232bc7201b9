"""Steps: the decisions of a run, without I/O. A client does what the steps yield."""
