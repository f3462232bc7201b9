"""Written: what a module on disk says about itself, and whether it was edited."""
