"""The rewrites, each with the proof of what it keeps."""
