"""The bytes that the runtime of a target keeps for itself."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tmpass.graph.model import Graph
from tmpass.targets.tail.predict import RuntimeBytes, predict
from tmpass.targets.tail.read import load_rules
from tmpass.targets.tail.rules import Kernel

if TYPE_CHECKING:
    from tmpass.targets.target import Target


def runtime_bytes(
    graph: Graph,
    target: "Target",
    kernels: Iterable[Kernel] = (),
    orders: Sequence[Sequence[int]] | None = None,
) -> RuntimeBytes | None:
    """The bytes that the runtime of `target` keeps for `graph`; None where no rules say so.

    Args:
        graph: of the model, with all dimensions bound.
        target: its runtime has the rules; it has the size of a pointer.
        kernels: rules that replace those of the runtime, such as `parse_kernels` reads.
        orders: of the operators of each subgraph, as `predict` takes them.

    Raises:
        TargetError: the rules of the runtime cannot be read.
    """
    if not target.runtime.tail:
        return None
    return predict(graph, load_rules(target.runtime.tail).with_kernels(kernels), target.word, orders)
