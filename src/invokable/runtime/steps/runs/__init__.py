"""Runs, from values to a result: prepare ─ submit ─ wait ─ collect."""
