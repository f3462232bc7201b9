"""What an editor shows of a generated module, asked of pyright's language server."""
