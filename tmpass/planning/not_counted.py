"""Bytes that a run of a model needs and that its plan does not count."""

from collections.abc import Collection, Iterator, Sequence

from tmpass.graph.model import Graph, Op, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.constants import touched_constants
from tmpass.planning.residency.overhead import Besides
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Options
from tmpass.targets import Runtime

_NAMED = 8
"""How many tensors are named. Kinds of operators are all named."""


def find_not_counted(request: LayoutRequest, besides: Besides) -> tuple[NotCounted, ...]:
    """The groups of bytes that a plan leaves out, each of LEFT_OUT at most once.

    Tensors of unknown size count if a run touches them and they need bytes; handles of resources do not. Scratch is
    unknown for operators without a rule, unless the runtime's kernels are known to need none.

    Args:
        request: that was laid out.
        besides: what memories hold besides buffers.
    """
    graph = request.graph
    found = (
        _tensors(graph),
        _scratch(graph, request.options, request.target.runtime),
        _weights(graph, counted=besides.stored is not None),
        _ends(graph, request.external),
        None if besides.tail is None else _runtime(graph, besides.tail.unknown),
    )
    return tuple(row for row in found if row is not None)


def _tensors(graph: Graph) -> NotCounted | None:
    names = [
        tensor.name
        for subgraph in graph.subgraphs
        for t, (tensor, size) in enumerate(zip(subgraph.tensors, subgraph.sizes, strict=True))
        if size is None and t in subgraph.used and _open(tensor)
    ]
    return NotCounted("tensors", len(names), None, tuple(names[:_NAMED])) if names else None


def _open(tensor: Tensor) -> bool:
    """Whether a tensor of unknown size needs bytes of its own."""
    return tensor.kind not in (TensorKind.CONSTANT, TensorKind.CAPTURE) and tensor.dtype.name != "resource"


def _scratch(graph: Graph, options: Options, runtime: Runtime) -> NotCounted | None:
    """The operators of unknown scratch; None if there are none."""
    kinds = {rule.kind for rule in options.scratch if rule.op is None}
    places = {(rule.subgraph, rule.op) for rule in options.scratch if rule.op is not None}
    open_ = [
        op
        for s, subgraph in enumerate(graph.subgraphs)
        for index, op in enumerate(subgraph.ops)
        if op.kind not in kinds and (s, index) not in places and _may_need_scratch(op, subgraph, runtime)
    ]
    return NotCounted("scratch", len(open_), None, tuple(sorted({op.kind for op in open_}))) if open_ else None


def _may_need_scratch(op: Op, subgraph: Subgraph, runtime: Runtime) -> bool:
    if op.view or op.calls:
        return False
    if (f"custom:{op.kind}" if op.custom else op.kind) not in runtime.without_scratch:
        return True
    packed = (subgraph.tensors[t].dtype.bits or 8 for t in op.inputs if t >= 0)
    return any(bits < 8 for bits in packed)


def _runtime(graph: Graph, kinds: Collection[str]) -> NotCounted | None:
    """The operators of kinds for which the runtime keeps bytes that are not known."""
    count = sum(op.kind in kinds for subgraph in graph.subgraphs for op in subgraph.ops)
    return NotCounted("runtime", count, None, tuple(kinds)) if count else None


def _weights(graph: Graph, *, counted: bool) -> NotCounted | None:
    sizes = list(_unknown_constants(graph) if counted else _constants(graph))
    if not sizes:
        return None
    known: Sequence[int] = [size for size in sizes if size is not None]
    return NotCounted("weights", len(sizes), sum(known) if len(known) == len(sizes) else None)


def _constants(graph: Graph) -> Iterator[int | None]:
    for subgraph in graph.subgraphs:
        for t, (tensor, size) in enumerate(zip(subgraph.tensors, subgraph.sizes, strict=True)):
            if tensor.kind is TensorKind.CONSTANT and t in subgraph.used:
                yield size


def _unknown_constants(graph: Graph) -> Iterator[int | None]:
    """None for each constant of unknown size."""
    for key in touched_constants(graph):
        if graph.stored_as(key).bytes is None:
            yield None


def _ends(graph: Graph, external: Collection[TensorKey]) -> NotCounted | None:
    sizes = [size for key in external if (size := graph.tensor(key).bytes) is not None]
    return NotCounted("inputs_outputs", len(sizes), sum(sizes)) if sizes else None
