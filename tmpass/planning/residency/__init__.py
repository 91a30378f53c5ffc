"""Residency: which memory a tensor is in, and when."""
