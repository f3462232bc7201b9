"""Build: from sources and a configuration to files, as plain data for commands, hooks and watchers."""
