"""Offset allocation: buffers with live ranges get addresses. It knows no model, and is useful alone."""
