"""Bound sizes, written into a model file: a split model has the sizes of its parts, and so has its original."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.binding import bind
from tmpass.loading.carrier import Carrier, load_carrier
from tmpass.loading.contract import SizingFrontend


def set_sizes(carrier: Carrier, bindings: Mapping[str, int]) -> Carrier:
    """The model in `carrier` with `bindings` in its file; `carrier` itself where they change nothing in it.

    Args:
        carrier: a model without a plan.
        bindings: numbers for open dimensions, by symbol or "tensor:axis".

    Raises:
        UsageError: a binding names nothing in the model, or its format keeps sizes at more places than these.
        ModelError: the model cannot be read, a binding contradicts it, or a size is still open.
    """
    if not bindings:
        return carrier
    model = load_carrier(carrier, bindings)
    try:
        graph = bind(model.graph, bindings)
        if hasattr(carrier.frontend, "write_sizes"):
            return replace(carrier, data=cast(SizingFrontend, carrier.frontend).write_sizes(carrier.data, graph))
    except ModelError as error:
        raise error.within(carrier.name) from None
    if graph.resized:
        what = f"{carrier.frontend.NAME} models are split with the sizes of the file: {graph.resized[0]}"
        raise UsageError(what, where=carrier.name, hint="convert the model with the sizes that you need")
    return carrier
