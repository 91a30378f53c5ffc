"""The plan: its rows, its JSON, differences between two, and its peak step."""
