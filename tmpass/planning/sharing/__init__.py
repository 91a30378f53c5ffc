"""Which tensors share storage: alias classes, pieces, in-place writes, ties."""
