"""The check of a split model: every element of its outputs comes from the same inputs by the same arithmetic."""
