"""Kernels that a plan trusts to write a result over an input, though they are not element-wise."""

from tmpass.graph.model import Graph, Op, TensorKey
from tmpass.plans.plan import Plan
from tmpass.verification.tied import CHANGES_A_COPY


def promised(graph: Graph, plan: Plan) -> frozenset[tuple[TensorKey, TensorKey]]:
    """The (input, output) pairs that a kernel may put over each other: by the target's profile, or because of a tie."""
    found = set()
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            places = [(p.input, p.output) for p in plan.target.in_place if p.op in (op.kind, f"custom:{op.kind}")]
            if plan.options.tie and _copies(op):
                places.append((0, 0))
            for read, made in places:
                if read < len(op.inputs) and made < len(op.outputs):
                    found.add(((s, op.inputs[read]), (s, op.outputs[made])))
    return frozenset(found)


def _copies(op: Op) -> bool:
    return op.view or op.kind in CHANGES_A_COPY
