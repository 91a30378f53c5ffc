"""Residency: which memory a tensor is in, and when: constants, weights on chip, and several memories."""
