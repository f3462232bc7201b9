"""Values: what a generated module imports, and how its inputs are checked and written as JSON."""
