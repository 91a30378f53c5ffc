"""The bytes that operators touch in each memory, computed again."""

from collections import defaultdict

from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph
from tmpass.plans.plan import Plan


def check_traffic(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by a traffic that does not follow from the schedule, which is a run of `graph`.

    Plans of version 1 have no traffic.
    """
    if plan.model.bytes is None and not any(memory.traffic for memory in plan.memories):
        return []
    touched: defaultdict[str, int] = defaultdict(int)
    home = {key: buffer.memory for buffer in plan.buffers if buffer.first is None for key in buffer.tensors}
    for buffer in plan.buffers:
        if not buffer.tensors:
            touched[buffer.memory] += 2 * buffer.size
    for step in plan.schedule:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        for t in (*set(op.inputs), *op.outputs, *op.temporaries):
            if t != ABSENT and (name := home.get((step.subgraph, t))):
                touched[name] += graph.tensor((step.subgraph, t)).bytes or 0
    found = []
    for memory in plan.memories:
        if memory.traffic != touched[memory.name]:
            message = f"{memory.name} claims {memory.traffic} bytes of traffic, but it is {touched[memory.name]}"
            found.append(Violation("traffic", message))
    return found
