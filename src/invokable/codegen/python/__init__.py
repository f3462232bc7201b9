"""Python: text that is safe to run, laid out as black has it, and read back statement by statement."""
