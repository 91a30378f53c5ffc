"""States that outlive an operator: variables, resources, the generator of random numbers, those of custom operators."""

from collections import Counter

from tmpass.graph.model import ABSENT, Op, Subgraph, TensorKind


def states_of(subgraph: Subgraph, op: Op) -> frozenset[str]:
    """The states that an operator may read or change, by names that both models have."""
    found = set()
    for t in (*op.inputs, *op.outputs):
        if t == ABSENT:
            continue
        if subgraph.tensors[t].kind is TensorKind.VARIABLE:
            found.add(f"variable {subgraph.tensors[t].name}")
        elif subgraph.tensors[t].dtype.name == "resource":
            found.add("resources")
    kinds = {"resources": op.resource or bool(op.calls), "random": op.random, "custom": op.custom}
    return frozenset(found | {name for name, touched in kinds.items() if touched})


def given_tensors(subgraph: Subgraph) -> dict[str, int]:
    """Variables, and activations that no operator writes and no caller gives, by name."""
    written = {t for op in subgraph.ops for t in op.outputs} | set(subgraph.inputs)
    return {
        tensor.name: t
        for t, tensor in enumerate(subgraph.tensors)
        if tensor.kind is TensorKind.VARIABLE or (tensor.kind is TensorKind.ACTIVATION and t not in written)
    }


def shared_name(subgraph: Subgraph) -> str | None:
    """A name that several variables have, so that they cannot be told apart; None where there is none."""
    names = Counter(tensor.name for tensor in subgraph.tensors if tensor.kind is TensorKind.VARIABLE)
    return next((name for name, count in names.items() if count > 1), None)
