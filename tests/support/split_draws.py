"""Drawn splits of a model: stages of any length, along any axis, in parts of any size."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module

import numpy as np

from support.split_reference import Reference
from tmpass.graph.draft import draft_graph
from tmpass.graph.model import ABSENT, Graph, Subgraph, TensorKind
from tmpass.loading.load import load_to_plan
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.net import Net
from tmpass.splitting.rewrites.fold import fold_padding
from tmpass.splitting.stage import Stage

FRONTENDS = {name: import_module(f"tmpass.frontends.{name}") for name in ("tflite", "onnx")}

MOST_JOINED = 10
EDGES = ((False, False), (True, False), (False, True))
"""What stages do with the rows at the edges of parts: carry and padded."""


def net_of(data: bytes) -> Net:
    """The net of a model."""
    graph, frontend = load_to_plan(data, {}).graph, FRONTENDS[load_to_plan(data, {}).graph.format]
    return Net(graph, frontend.layers(data, graph), frontend.dialect(data), MOST_JOINED)


def written(data: bytes, net: Net, draft) -> bytes:
    """The file of a draft; what the file has is compared with what the draft says.

    Raises:
        AssertionError: the graphs differ.
    """
    made = FRONTENDS[net.graph.format].write_draft(data, net.graph, draft, None)
    (read,), (told,) = (
        graph.subgraphs for graph in (load_to_plan(made, {}).graph, draft_graph(draft, net.graph, net.dialect))
    )
    read, told = _without_first_scales(read), _without_first_scales(told)
    assert read == told if net.graph.format == "tflite" else _by_name(read) == _by_name(told)
    return made


def _without_first_scales(subgraph: Subgraph) -> Subgraph:
    """The subgraph without the first scale of constants: a draft has that of the whole for each piece."""
    return replace(
        subgraph,
        tensors=tuple(
            replace(tensor, scale=0.0) if tensor.kind is TensorKind.CONSTANT else tensor for tensor in subgraph.tensors
        ),
    )


def _by_name(subgraph: Subgraph) -> object:
    """A subgraph with the names of tensors in the place of their numbers, which ONNX files do not have."""
    names = [tensor.name for tensor in subgraph.tensors]
    used = {t for op in subgraph.ops for t in (*op.inputs, *op.outputs) if t != ABSENT}
    ops = [
        (op.kind, op.moves, op.elementwise, *([n and names[t] for t in ts for n in (t != ABSENT,)] for ts in ends))
        for op in subgraph.ops
        for ends in ((op.inputs, op.outputs),)
    ]
    return {names[t]: subgraph.tensors[t] for t in used}, ops, [names[t] for t in subgraph.outputs]


def folded(data: bytes) -> bytes:
    """The model with its padding folded, or as it is where there is nothing to fold."""
    net = net_of(data)
    draft = fold_padding(net)
    return data if draft is None else written(data, net, draft)


def drawn_splits(data: bytes, rng: random.Random, count: int) -> Iterator[tuple[tuple[Stage, ...], bytes]]:
    """Up to `count` splits of a model: their stages and their files."""
    net = net_of(data)
    for _ in range(4 * count):
        stages = _stages(net, rng)
        draft = make_draft(net, stages) if stages else None
        if draft is not None:
            count -= 1
            yield stages, written(data, net, draft)
        if count <= 0:
            return


def _stages(net: Net, rng: random.Random) -> tuple[Stage, ...]:
    found, at = [], 0
    while at < len(net.order):
        first = at + rng.randrange(4)
        last = first + rng.randrange(8)
        at = first + 1
        if last >= len(net.order) or any(net.layer(p) is None for p in range(first, last + 1)):
            continue
        stage = _stage(net, rng, first, last)
        if stage is not None and make_draft(net, [stage]) is not None:
            found.append(stage)
            at = last + 1
    return tuple(found)


def _stage(net: Net, rng: random.Random, first: int, last: int) -> Stage | None:
    result = net.result(first, last)
    if result is None:
        return None
    shape, along = net.shape(result), rng.choice(list(Along))
    windows = all(net.layer(p).role not in ("dense", "reduce") for p in range(first, last + 1))
    if along is not Along.CHANNELS and (not windows or len(shape) not in net.axes.ranks):
        along = Along.CHANNELS
    length = shape[net.axis(along, result)] if net.axis(along, result) < len(shape) else 0
    if length < 2:
        return None
    inner = sorted(rng.sample(range(1, length), min(length - 1, rng.choice([1, 1, 2, 3, 12]))))
    return Stage(first, last, along, (0, *inner, length), *rng.choice(EDGES))


def differences(original: bytes, split: bytes, seed: int, known: Mapping[str, np.ndarray] | None = None) -> list[str]:
    """The names of tensors of a split, at its cuts and its ends, that are not the original's bit for bit.

    Args:
        original: the model.
        split: the same, split.
        seed: of the inputs.
        known: the values of the original for them, if they are known.
    """
    before, after = Reference(original), Reference(split)
    values = before.run(before.inputs(seed)) if known is None else known
    made = after.run(before.inputs(seed))
    common = [name for name in made if name in values]
    ends = {after.tensors[after.graph.Outputs(n)].Name().decode() for n in range(after.graph.OutputsLength())}
    assert ends <= set(common)
    return [name for name in common if values[name].tobytes() != made[name].tobytes()]


def graph_of(data: bytes) -> Graph:
    """The graph of a model."""
    return load_to_plan(data, {}).graph
