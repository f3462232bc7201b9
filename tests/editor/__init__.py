"""What code editors show for a generated module, from pyright's language server."""
