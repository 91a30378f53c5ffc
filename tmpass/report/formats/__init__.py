"""Output formats of a plan: one module for each, and their registry."""
