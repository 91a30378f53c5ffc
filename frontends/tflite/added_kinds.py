"""The operators that a draft adds to a model."""

from tmpass.graph.draft import New

NEW_KINDS = {New.SLICE: "SLICE", New.PAD: "PAD", New.CONCAT: "CONCATENATION"}
"""By their names in the format."""
