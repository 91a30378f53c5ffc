"""Residency: which memory a tensor is in. Weights on chip, and several memories that operators compute on."""
