"""A run, from values to a result: prepare ─ submit ─ wait ─ collect. It uses the resources."""
