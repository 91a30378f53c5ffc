"""How long one run of a plan takes: computing, copies, and what of the copies overlaps with operators."""
