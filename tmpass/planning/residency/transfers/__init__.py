"""Transfers: which tensors leave the scratchpad, when they come back, and where they are meanwhile."""
