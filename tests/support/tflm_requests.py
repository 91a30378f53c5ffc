"""What MicroAllocator of TensorFlow Lite Micro asks of its memory planner, derived from a graph alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tmpass.graph.model import ABSENT, Graph, TensorKind

NUMBERED = ("IF", "WHILE", "CALL_ONCE")
ALIGNMENT = 16


@dataclass(frozen=True)
class Request:
    """One call of AddBuffer; `key` is a tensor, or an operator for scratch."""

    size: int
    first: int
    last: int
    key: tuple[int, int]
    scratch: bool = False


def requests(graph: Graph, scratch: Mapping[tuple[int, int], Sequence[int]]) -> list[Request]:
    """The requests in their order.

    Args:
        graph: operators in the order of the file that runs.
        scratch: (subgraph, operator) -> bytes of each request of its kernel.
    """
    lives, scopes = _lives(graph)
    made = []
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is TensorKind.ACTIVATION and tensor.bytes:
                made.append(Request(-(-tensor.bytes // ALIGNMENT) * ALIGNMENT, *lives.get((s, t), (-1, -1)), (s, t)))
    for key in sorted(scratch):
        scope = scopes.get(key, -1)
        rounded = [-(-size // ALIGNMENT) * ALIGNMENT for size in scratch[key]]
        made += [Request(size, scope, scope, key, scratch=True) for size in rounded]
    return made


def _lives(graph: Graph) -> tuple[dict[tuple[int, int], tuple[int, int]], dict[tuple[int, int], int]]:
    """The first and last scope of each tensor, and the scope of each operator."""
    lives: dict[tuple[int, int], tuple[int, int]] = {}
    scopes: dict[tuple[int, int], int] = {}
    now = 0

    def visit(s: int) -> None:
        nonlocal now
        subgraph = graph.subgraphs[s]
        for t in (*subgraph.inputs, *subgraph.outputs):
            lives[s, t] = now, now
        for o, op in enumerate(subgraph.ops):
            now += 1
            scopes[s, o] = now
            for t in op.outputs:
                lives[s, t] = now, now
            for call in op.calls if op.kind in NUMBERED else ():
                now += 1
                visit(call.subgraph)
            for t in {*op.inputs, *op.outputs} - {ABSENT}:
                lives[s, t] = lives.get((s, t), (-1, -1))[0], now
        for t in subgraph.outputs:
            lives[s, t] = lives[s, t][0], now

    visit(0)
    return lives, scopes
