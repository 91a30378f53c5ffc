"""An estimate of what integers of 8 bits would give a model of floats: a plan of its graph with a byte for each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tmpass.api.plan import plan
from tmpass.base import dtypes
from tmpass.base.errors import TmpassError, VerificationError
from tmpass.explanation.facts import Change, Explanation
from tmpass.graph.model import Graph, Stored, Subgraph, Tensor
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import Target

_FLOATS = ("float16", "bfloat16", "float32", "float64")

_LEAST = 2
"""Floats are to have at least 1 / _LEAST of the live bytes at the peak step."""


def as_int8(known: Explanation, model: Model, target: Target, options: Mapping[str, Any]) -> Change | None:
    """The change of the deciding memory's peak if all floats were integers of 8 bits: an estimate.

    Quantised kernels may need other scratch, some operators stay floats, and a converter adds operators at the ends.

    Returns:
        None where floats have less than half of the live bytes at the peak step, or the graph has no such plan.
    """
    floats = sum(one.used for one in known.alive if one.tensor is not None and one.tensor.dtype in _FLOATS)
    memory = known.peak_step.memory
    if floats * _LEAST < known.peak_step.live_bytes or not floats:
        return None
    try:
        made = plan(replace(model, graph=_narrow(model.graph)), target, **{**options, "keep": False})
    except VerificationError:  # a fault of tmpass, which must be seen
        raise
    except TmpassError:
        return None
    filled = made.memory(memory.name)
    peak = filled.peak if filled else 0
    if peak >= memory.peak:
        return None
    what = "if all floats were integers of 8 bits: an estimate, of this graph with one byte for each"
    return Change("", what, peak, memory.peak - peak, _fits(made, known.plan), False)


def _fits(made: Plan, floats: Plan) -> bool:
    """Whether every memory has room, and no operator stays refused that is refused in the model of floats.

    The graph of one byte for each float has no scales, which kernels of integers demand and a converter writes: what
    they refuse in it says nothing of the quantised model.
    """
    refused = {(row.kind, row.fault) for row in floats.not_run if row.known}
    stays = any((row.kind, row.fault) in refused for row in made.not_run)
    return not stays and all(not memory.shortfall for memory in made.memories)


def _narrow(graph: Graph) -> Graph:
    """`graph` with each float as one byte."""
    stored = {
        key: Stored(row.first, None if _is_float(graph.tensor(key)) else row.bytes) for key, row in graph.stored.items()
    }
    return replace(graph, subgraphs=tuple(map(_narrow_subgraph, graph.subgraphs)), stored=stored)


def _narrow_subgraph(subgraph: Subgraph) -> Subgraph:
    return replace(
        subgraph, tensors=tuple(replace(t, dtype=dtypes.INT8) if _is_float(t) else t for t in subgraph.tensors)
    )


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype.name in _FLOATS
