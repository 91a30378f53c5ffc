"""The table of a fleet in each form: JSON lines, CSV, Markdown, HTML, and on the terminal."""
