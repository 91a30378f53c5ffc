"""Traffic: the bytes that operators read and write in one run, for each buffer."""

from collections.abc import Sequence

from tmpass.graph.model import ABSENT, Graph, TensorKey
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
    buffer_of = {key: number for number, keys in enumerate(members) for key in keys}
    found = [0] * len(members)
    for step in timeline.steps:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        for t in (*dict.fromkeys(op.inputs), *op.outputs, *op.temporaries):
            number = buffer_of.get((step.subgraph, t)) if t != ABSENT else None
            if number is not None:
                found[number] += graph.tensor((step.subgraph, t)).bytes or 0
    return found
