"""A plan written into a file, and taken off it again; every other byte of the file stays.

    model   metadata   tmpass.plan        the plan's JSON
                       tmpass.original    what the file was: "6 1f0c...", its IR version and the SHA-256 of its bytes
                       tmpass.imports     how many of the imported operator sets are those of local functions
    graph   metadata   tmpass.order       where its nodes are in another order: the indices that they had
                       tmpass.nodes       where local functions were inlined: the nodes that it had (inlined.py)
    node    metadata   tmpass.offset      in bytes, of each output, apart by blanks; - for one without
    value   metadata   tmpass.offset      in bytes
                       tmpass.added       the whole value_info was added
                       tmpass.input       the value_info was an input

Nodes and values have metadata from IR version 10 on: an older file becomes one of version 10. Below version 4 what is
stored had to be listed among the inputs, which would now mean that a caller may override it: these inputs are none any
more. Where a plan moves nodes of local functions, their calls are replaced by these nodes. Weights in other files stay
there, and their paths as they are.
"""
