"""Offset allocation: addresses for buffers with live ranges. It knows no model, and is useful alone."""
