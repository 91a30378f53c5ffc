"""Splitting: operators in parts that run one after the other, so that a model needs less memory."""
