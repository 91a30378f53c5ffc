"""Steps in time: one timeline for a whole model."""
