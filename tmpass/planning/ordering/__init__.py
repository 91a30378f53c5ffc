"""Orders of the operators of a subgraph, and the search for the least peak."""
