"""The HTML page: its data and its parts."""
