"""Running: the steps of `invokable run` between its command line and the client.

SOURCE ── loading ──▶ workflow class ┐
--set, --values ── values, parse ────┴─▶ workflow ── client ──▶ result ── saving, pattern ──▶ files
                                                   progress ◀──┘     └── report ──▶ lines or JSON
"""
