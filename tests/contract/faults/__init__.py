"""Every fault many times, each time with another seed: the figures in docs/faults.md.

    cases    the faults               runs     one run with a fault, and checks of its outcome
    servers  where they happen        table    the outcomes of all runs, as on the page

`python -m tests.contract.faults 20` runs each 20 times with each kind of client on the simulator, or with `--live` on a
real server.
"""
