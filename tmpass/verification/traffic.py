"""The bytes that operators touch in each memory, computed again."""

from collections import defaultdict

from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan


def check_traffic(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by a traffic that does not follow from the schedule, which is a run of `graph`.

    Plans of version 1 have no traffic.
    """
    if plan.model.bytes is None and not any(memory.traffic for memory in plan.memories):
        return []
    times = [[0] * (len(subgraph.tensors) + 1) for subgraph in graph.subgraphs]  # one more, the last, for ABSENT
    for step in plan.schedule:
        op, here = graph.subgraphs[step.subgraph].ops[step.op], times[step.subgraph]
        for t in {*op.inputs}:
            here[t] += 1
        for t in (*op.outputs, *op.temporaries):
            here[t] += 1
    sizes = [subgraph.sizes for subgraph in graph.subgraphs]
    touched: defaultdict[str, int] = defaultdict(int)
    for buffer in plan.buffers:
        if not buffer.tensors:
            touched[buffer.memory] += 2 * buffer.size
        elif buffer.first is None:
            touched[buffer.memory] += sum([times[s][t] * (sizes[s][t] or 0) for s, t in buffer.tensors])
    found = []
    for memory in plan.memories:
        if memory.traffic != touched[memory.name]:
            message = f"{memory.name} claims {memory.traffic} bytes of traffic, but it is {touched[memory.name]}"
            found.append(Violation("traffic", message))
    return found
