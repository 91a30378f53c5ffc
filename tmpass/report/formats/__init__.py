"""Files that a plan can be written as: one module per format, and their registry."""
