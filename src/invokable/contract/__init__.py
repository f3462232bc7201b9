"""What generator and runtime must agree on, each fact once. Imports nothing else of this package.

module      format, index map checksum            fields   field types as they are written
limits      ranges of a value                     models   which models a field takes
generators  how settings make a batch             batch    where the values of a batch go
settings    the settings of each generator kind     interface  what callers see of a module, and what breaks them
server      where it is looked for, states of items   module_text  a module's source, read without running it
"""
