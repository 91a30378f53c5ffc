"""The time of one run, computed again by code that shares nothing with planning."""
