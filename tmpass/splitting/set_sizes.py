"""Bound sizes, written into a model file: a split model has the sizes of its parts, and so has its original."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from tmpass.base.errors import ModelError, UnknownSizeError, UsageError
from tmpass.graph.binding import bind
from tmpass.graph.model import Graph
from tmpass.graph.unknown_sizes import bind_options
from tmpass.loading.carrier import Carrier, load_carrier
from tmpass.loading.contract import SizingFrontend


def set_sizes(carrier: Carrier, bindings: Mapping[str, int]) -> Carrier:
    """The model in `carrier` with `bindings` in its file; `carrier` itself where they change nothing in it.

    Args:
        carrier: a model without a plan.
        bindings: numbers for open dimensions, by symbol or "tensor:axis".

    Raises:
        UsageError: a binding names nothing in the model, or its format has no place for these sizes.
        ModelError: the model cannot be read, a binding contradicts it, or a size does not follow from those of the
            inputs: parts of a tensor are cut at fixed places, so its size must be the same in each run.
    """
    if not bindings:
        return carrier
    model = load_carrier(carrier, bindings)
    try:
        graph = bind(model.graph, bindings)
        if hasattr(carrier.frontend, "write_sizes"):
            data = cast(SizingFrontend, carrier.frontend).write_sizes(carrier.data, graph)
            sized = replace(carrier, data=data)
            if left := unsized(load_carrier(sized, {}).graph):
                fault = f"the size of tensor {left[0]!r} does not follow from the sizes of the inputs"
                raise ModelError(fault, hint="plan it unsplit")
            return sized
    except UnknownSizeError as error:
        hint = f"give {bind_options(error.symbols)}" if error.symbols else "plan it unsplit"
        raise ModelError(error.what, hint=hint).within(carrier.name) from None
    except ModelError as error:
        raise error.within(carrier.name) from None
    if graph.resized:
        what = f"{carrier.frontend.NAME} models are split with the sizes of the file: {graph.resized[0]}"
        raise UsageError(what, where=carrier.name, hint="convert the model with the sizes that you need")
    return carrier


def unsized(graph: Graph) -> list[str]:
    """The names of the tensors whose size is not known."""
    return [t.name for subgraph in graph.subgraphs for t in subgraph.tensors if t.shape is None or t.unknown]
