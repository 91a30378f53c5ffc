"""The name and the identifier of the TFLite format."""

NAME = "tflite"

IDENTIFIER = b"TFL3"
"""Bytes 4..8 of every TFLite file."""
