"""The bytes that operators touch."""

from collections import Counter
from collections.abc import Mapping

from tmpass.graph.model import ABSENT, Graph, TensorKey
from tmpass.planning.timeline.schedule import Schedule


def touched_bytes(graph: Graph, timeline: Schedule) -> Mapping[TensorKey, int]:
    """Tensor -> the bytes that operators read from it and write to it in one run; a loop counts as one round."""
    touched: Counter[TensorKey] = Counter()
    for step in timeline.steps:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        for t in (*op.inputs, *op.outputs, *op.temporaries):
            if t != ABSENT:
                key = (step.subgraph, t)
                touched[key] += graph.tensor(key).bytes or 0
    return touched
