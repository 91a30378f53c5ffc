"""Sharing of storage between tensors: alias classes, in-place pairs and ties."""
