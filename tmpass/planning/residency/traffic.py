"""Traffic: the bytes that operators read and write in one run, for each buffer."""

from collections import Counter
from collections.abc import Sequence

from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.timeline.schedule import Schedule


def traffic_of(graph: Graph, timeline: Schedule, members: Sequence[Sequence[TensorKey]]) -> list[int]:
    """The traffic of each buffer in bytes: each operator touches all bytes of each of its tensors once.

    A loop counts as one run of its body. A kernel that reads an input several times, and a view that touches nothing,
    count like all others. A buffer without members, which is scratch, has no traffic: add its size twice.

    Args:
        graph: of the model.
        timeline: of all operators.
        members: the tensors of each buffer.
    """
    touched: list[list[int]] = [[] for _ in graph.subgraphs]
    for step in timeline.steps:
        op, here = graph.subgraphs[step.subgraph].ops[step.op], touched[step.subgraph]
        here += dict.fromkeys(op.inputs) if len(op.inputs) > 1 else op.inputs
        here += op.outputs
        here += op.temporaries
    times = [Counter(tensors) for tensors in touched]
    sizes = [subgraph.sizes for subgraph in graph.subgraphs]
    return [sum([times[s][t] * (sizes[s][t] or 0) for s, t in keys]) for keys in members]
