"""Steps: the decisions of a client, without I/O. A client does what the steps yield.

exchange/   what steps yield, and how the server's answers are read
resources/  what is on a server, one module for each kind      imports exchange
runs/       a run, from values to a result                     imports both
"""
