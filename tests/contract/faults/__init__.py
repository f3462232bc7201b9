"""Every fault many times, each time by another seed: the numbers in docs/faults.md.

    cases    what goes wrong          runs     one run that meets it, and what is true of it afterwards
    servers  where it goes wrong      table    what came of all runs, as the page has it

`python -m tests.contract.faults 20` runs each 20 times on the simulator, blocking and asynchronous; with `--live` on
a real server too.
"""
