"""Plans: rows, queries, JSON, the differences between two plans, and the peak step."""
