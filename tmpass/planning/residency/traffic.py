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
    touched = list[TensorKey]()
    for step in timeline.steps:
        s, op = step.subgraph, graph.subgraphs[step.subgraph].ops[step.op]
        touched += [(s, t) for t in (*dict.fromkeys(op.inputs), *op.outputs, *op.temporaries)]
    times = Counter(touched)
    return [sum([times[key] * (graph.tensor(key).bytes or 0) for key in keys]) for keys in members]
