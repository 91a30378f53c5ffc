"""Planned files: a plan is written into a file, and removed again; every other byte of the file stays.

    model   metadata   tmpass.plan        the plan's JSON
                       tmpass.original    the original file: "6 1f0c...", its IR version and the SHA-256 of its bytes
                       tmpass.imports     how many imported operator sets were added for local functions
    graph   metadata   tmpass.order       if its nodes were reordered: their indices in the original
                       tmpass.nodes       if local functions were inlined: the original nodes (inlined.py)
    node    metadata   tmpass.offset      in bytes, for each output, separated by blanks; - for no offset
    value   metadata   tmpass.offset      in bytes
                       tmpass.added       the whole value_info was added
                       tmpass.input       the value_info was an input

Nodes and values have metadata from IR version 10 on, so an older file gets version 10. Before version 4 each
initialiser had to be listed among the inputs. In a newer file that would mean that a caller may override it, so these
inputs are removed from the list. Where a plan moves nodes of local functions, these nodes replace the calls. Weights in
other files stay there, and their paths do not change.
"""
