"""Results that a runtime keeps from one run to the next, found again by leaving out those that it makes in each run."""

from collections.abc import Iterator
from dataclasses import replace

from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, TensorKind
from tmpass.targets import Runtime


def as_kept(graph: Graph, runtime: Runtime) -> Graph:
    """The graph with the results as variables that `runtime` keeps.

    Args:
        graph: of the model, bound.
        runtime: of the plan.
    """
    if not any(op.kind in runtime.keeps for subgraph in graph.subgraphs for op in subgraph.ops):
        return graph
    return replace(graph, subgraphs=tuple(_with_variables(subgraph, runtime) for subgraph in graph.subgraphs))


def _with_variables(subgraph: Subgraph, runtime: Runtime) -> Subgraph:
    tensors = list(subgraph.tensors)
    for t in _kept(subgraph, runtime):
        if tensors[t].kind is TensorKind.ACTIVATION:
            tensors[t] = replace(tensors[t], kind=TensorKind.VARIABLE)
    return replace(subgraph, tensors=tuple(tensors))


def _kept(subgraph: Subgraph, runtime: Runtime) -> Iterator[int]:
    """The results that are kept: in the order of the file, nothing made in each run is among what their makers read."""
    changing = {t for t, tensor in enumerate(subgraph.tensors) if tensor.kind is not TensorKind.CONSTANT}
    unknown, asked = set(changing), {ABSENT}
    for op in subgraph.ops:
        asked |= set(op.inputs)
        when = "" if op.custom or _open(subgraph, op) else runtime.keeps.get(op.kind, "")
        blocking = {"stored": changing, "known": unknown, "always": set[int]()}.get(when)
        if blocking is None or not blocking.isdisjoint(op.inputs):
            continue
        made = set(op.outputs) - {ABSENT}
        if made & asked:
            continue
        yield from sorted(made)
        if when != "stored":
            unknown -= made


def _open(subgraph: Subgraph, op: Op) -> bool:
    """Whether an input or output of `op` has a size that only a run makes known."""
    return any(subgraph.tensors[t].bytes is None for t in (*op.inputs, *op.outputs) if t != ABSENT)
