"""A plan written into a file, and taken off it again; every other byte of the file stays.

    model   metadata   tmpass.plan        the plan's JSON
                       tmpass.original    what the file was: "6 1f0c...", its IR version and the SHA-256 of its bytes
    graph   metadata   tmpass.order       where its nodes are in another order: the indices that they had
    node    metadata   tmpass.offset      in bytes, of each output, apart by blanks; - for one without
    value   metadata   tmpass.offset      in bytes
                       tmpass.added       the whole value_info was added

Nodes and values have metadata from IR version 10 on: an older file becomes one of version 10. Weights in other files
stay there, and their paths as they are.
"""
