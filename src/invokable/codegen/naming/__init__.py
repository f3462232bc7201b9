"""Naming: the names of inputs, outputs, classes and modules, and how they are kept."""
