"""Custom operators whose options say what comes out."""

from .flexbuffer import read_numbers
from .op_context import OpContext, Shape, Unknown


def detections(op: OpContext) -> list[Shape]:
    """Boxes, classes and scores for as many detections as the options allow, and how many are valid."""
    options = read_numbers(op.custom_options())
    try:
        count = options["max_detections"] * options["max_classes_per_detection"]
    except KeyError:
        raise Unknown from None
    if count < 0:
        raise Unknown
    return [(1, count, 4), (1, count), (1, count), (1,)]


CUSTOM_RULES = {"TFLite_Detection_PostProcess": detections}
"""By the operator's name."""
