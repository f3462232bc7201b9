"""What the generator and the runtime must agree on. Imports nothing else from this package.

module      format, index map checksum            fields   field types in their written form
limits      ranges of a value                     models   which models a field accepts
generators  how settings make a batch             batch    where the values of a batch go
settings    the settings of each generator type     interface  what callers see of a module, and what breaks them
server      default address, states of queue items    module_text  a module's source, read without running it
statements  a module's source, split into statements  utf8   text as bytes
json_parts  a large JSON text, read element by element  parsed  a statement without what is in its long lists
colors      the channels of a color               model_words  models as readers see them
limit_words  limits as readers see them             nearest  known names that are similar to an unknown one
node_rules  rules of a node beyond its schema
"""
