"""Results that a runtime makes once, since all that they are made from is constant, and keeps from run to run."""

from dataclasses import replace

from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, TensorKind
from tmpass.targets import Runtime
from tmpass.targets.kernels import Kept


def keep_results(graph: Graph, runtime: Runtime) -> Graph:
    """The graph with the tensors as variables that `runtime` keeps from one run to the next.

    Args:
        graph: of the model, bound.
        runtime: with its kinds of operators whose outputs it keeps.

    Complexity: linear in the operators.
    """
    if not runtime.keeps:
        return graph
    subgraphs = []
    for subgraph in graph.subgraphs:
        kept = _kept(subgraph, runtime)
        tensors = tuple(
            replace(tensor, kind=TensorKind.VARIABLE) if t in kept else tensor
            for t, tensor in enumerate(subgraph.tensors)
        )
        subgraphs.append(replace(subgraph, tensors=tensors) if kept else subgraph)
    return replace(graph, subgraphs=tuple(subgraphs))


def _kept(subgraph: Subgraph, runtime: Runtime) -> set[int]:
    """The results of `subgraph` that are kept. The runtime meets its operators in the order of the file.

    One that an earlier operator reads is not: no order of the file runs, and a variable would keep that order.
    """
    stored = set(subgraph.of_kind(TensorKind.CONSTANT))
    known, kept, read = set(stored), set[int](), set[int]()
    for op in subgraph.ops:
        rule = runtime.keeps.get(op.kind)
        read.update(op.inputs)
        if rule is None or op.custom or not _sized(subgraph, op):
            continue
        if not read.isdisjoint(op.outputs):
            continue  # in the file's own order, an earlier operator would read what was kept from the last run
        reads = {t for t in op.inputs if t != ABSENT}
        if rule is Kept.STORED and reads <= stored:
            kept.update(op.outputs)
        elif rule is Kept.ALWAYS or (rule is Kept.KNOWN and reads <= known):
            kept.update(op.outputs)
            known.update(op.outputs)
    return {t for t in kept if t != ABSENT and subgraph.tensors[t].kind is TensorKind.ACTIVATION}


def _sized(subgraph: Subgraph, op: Op) -> bool:
    """Whether all shapes around `op` are known: otherwise only a run makes them known."""
    return all(subgraph.tensors[t].sized for t in (*op.inputs, *op.outputs) if t != ABSENT)
