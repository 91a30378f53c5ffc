"""Model formats."""
