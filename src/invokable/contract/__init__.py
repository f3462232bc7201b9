"""What the generator and the runtime must agree on. Imports nothing else from this package.

A generated module and its callers
    module       format of a generated module, and the checksum of its index map
    module_text  a module's source, read without running it
    statements   a module's source, split into statements
    parsed       a statement without what is in its long lists
    interface    what callers see of a module, and what breaks them

Fields and their values
    fields       field types in their written form
    limits       ranges of a value
    limit_words  limits as readers see them
    models       which models a field accepts
    model_words  models as readers see them
    node_rules   rules of a node beyond its schema
    colors       the channels of a color

Batches
    batch        where the values of a batch go
    generators   how settings make a batch
    settings     the settings of each generator type

The server
    server       default address, states of queue items
    vocabulary   InvokeAI's fixed sets of words

Text and JSON
    reading      the bytes of a file, up to a limit
    utf8         text as bytes
    density      how many values a JSON text may hold for its size
    json_parts   a large JSON text, read element by element
    plain        any text on one line, safe for a terminal
    listing      words in a sentence
    nearest      known names that are similar to an unknown one
"""
