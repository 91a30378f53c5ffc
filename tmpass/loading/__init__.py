"""Model files: which frontend reads one, and what a frontend has to bring."""
