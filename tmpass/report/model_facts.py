"""What a report of a plan can say with its model, and cannot say without."""

from collections.abc import Sequence

from tmpass.base.record import record
from tmpass.explanation.curve_point import CurvePoint
from tmpass.graph.model import Graph


@record
class ModelFacts:
    """Facts beside a plan.

    Fields:
        graph: of the model, with the operators that read constants; None where it is not at hand.
        curve: what the plan costs against the size of its scratchpad; None where nobody asked for it.
    """

    graph: Graph | None = None
    curve: Sequence[CurvePoint] | None = None
