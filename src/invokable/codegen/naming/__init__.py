"""Naming: what inputs, outputs, classes and modules are called, and which names are kept."""
