"""What a TFLite file is known by."""

NAME = "tflite"

IDENTIFIER = b"TFL3"
"""Bytes 4..8 of every TFLite file."""
