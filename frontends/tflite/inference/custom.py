"""Custom operators whose options decide the output shapes."""

from .flexbuffer import read_numbers
from .op_context import OpContext, Shape, Unknown


def detections(op: OpContext) -> list[Shape]:
    """The outputs are boxes, classes and scores for the most detections that the options allow, and a count."""
    options = read_numbers(op.custom_options())
    try:
        count = options["max_detections"] * options["max_classes_per_detection"]
    except KeyError:
        raise Unknown from None
    if count < 0:
        raise Unknown
    return [(1, count, 4), (1, count), (1, count), (1,)]


CUSTOM_RULES = {"TFLite_Detection_PostProcess": detections}
"""Rules by the name of the operator."""
