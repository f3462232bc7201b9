"""Steps: what is decided, without I/O. A client does what the steps ask for.

exchange/   what steps ask, and how the server's answers are read
resources/  what a server has, each thing by itself            imports exchange
runs/       a run, from values to a result                     imports both
"""
