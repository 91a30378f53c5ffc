"""Orders of the operators of a subgraph, and searches for the least peak."""
