"""`python -m invokable` is the `invokable` command."""

from invokable.cli import main

main()
