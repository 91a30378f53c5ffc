"""Constants for drawn graphs, and memories in which they matter."""

import random
from dataclasses import replace

from tmpass.base.dtypes import UINT8
from tmpass.graph.model import Graph, Op, Stored, Subgraph, Tensor, TensorKind
from tmpass.targets import Memory, Target

Key = tuple[int, int]
_WRITTEN = ("activations", "variables", "inputs_outputs")
_EVERY = (*_WRITTEN, "weights")


def with_constants(rng: random.Random, graph: Graph) -> Graph:
    """`graph` with more constants, which operators read besides their other inputs, and of which some are outputs.

    Some have no bytes or an unknown number, and some are stored once for several tensors.
    """
    graph = replace(graph, subgraphs=tuple(_more(rng, subgraph) for subgraph in graph.subgraphs))
    keys = [
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t, tensor in enumerate(subgraph.tensors)
        if tensor.kind is TensorKind.CONSTANT
    ]
    stored: dict[Key, Stored] = {}
    for key in keys if rng.random() < 0.6 else ():
        firsts = [one.first for one in stored.values()]
        if firsts and rng.random() < 0.4:
            first = rng.choice(firsts)
            stored[key] = stored[first] if rng.random() < 0.8 else Stored(first, None)
        elif rng.random() < 0.5:
            own = graph.tensor(key).bytes
            stored[key] = Stored(key, rng.choice((own, None, own, rng.randint(0, 40))))
    return replace(graph, stored=stored)


def _more(rng: random.Random, subgraph: Subgraph) -> Subgraph:
    first, tensors = len(subgraph.tensors), list(subgraph.tensors)
    for number in range(rng.randint(0, 4)):
        shape = (rng.choice((0, 1, 3, 4, 8, 8, 16, 16, 24, 40)),) if rng.random() < 0.93 else ("open",)
        tensors.append(Tensor(f"c{number}", UINT8, shape, TensorKind.CONSTANT))
    made = range(first, len(tensors))
    ops = [_reading(rng, op, made) for op in subgraph.ops]
    inputs, outputs = list(subgraph.inputs), list(subgraph.outputs)
    if made and rng.random() < 0.1:
        outputs.insert(rng.randint(0, len(outputs)), rng.choice(made))
    return replace(subgraph, tensors=tuple(tensors), ops=tuple(ops), inputs=tuple(inputs), outputs=tuple(outputs))


def _reading(rng: random.Random, op: Op, made: range) -> Op:
    """`op` with some of the constants `made` among its inputs, unless it only passes bytes on."""
    if not made or op.moves is not None or op.quantization is not None or op.kind in ("ASSIGN", "ScatterND"):
        return op
    more = tuple(rng.choice(made) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    return replace(op, inputs=(*op.inputs, *more))


def draw_memories(rng: random.Random, target: Target, constants: int = 0) -> Target:
    """`target` with one to three memories, of which some, or none, hold weights, and operators use some alone.

    In half of them, operators compute in a small memory, and a larger one keeps the bytes of `constants`.
    """
    if rng.random() < 0.5:
        near = replace(_memory(rng, "near", inner=True), compute=True, holds=_EVERY)
        far = replace(_memory(rng, "far", inner=False), compute=rng.random() < 0.1, capacity=rng.choice((None, 300)))
        near = replace(
            near, capacity=rng.choice((None, 96, 160, constants // 4 + 50, constants // 2 + 50, constants + 60))
        )
        return replace(target, memories=(near, replace(far, holds=rng.choice((_EVERY, ("weights",))))))
    every = [_memory(rng, name, inner=at == 0) for at, name in enumerate(("near", "mid", "far")[: rng.randint(1, 3)])]
    held = {use for memory in every for use in memory.holds}
    if missing := [use for use in _WRITTEN if use not in held]:
        last = every[-1]
        every[-1] = replace(last, holds=tuple(use for use in _EVERY if use in (*last.holds, *missing)))
    if not any(memory.compute and all(use in memory.holds for use in _WRITTEN) for memory in every):
        held = tuple(use for use in _EVERY if use in (*every[0].holds, *_WRITTEN))
        every[0] = replace(every[0], holds=held, compute=True)
    return replace(target, memories=tuple(every))


def _memory(rng: random.Random, name: str, *, inner: bool) -> Memory:
    capacity = rng.choice((None, 16, 32, 48, 64, 64, 96, 128, 200))
    holds = rng.choice((_EVERY, _EVERY, _WRITTEN, ("weights",), ("activations",), ("activations", "weights")))
    return Memory(
        name,
        capacity,
        rng.choice((1, 1, 4, 8, 16)),
        holds,
        reserve=0 if capacity is None else rng.choice((0, 0, 0, 3, 8, 16)),
        compute=rng.random() < (0.85 if inner else 0.5),
        chunk=rng.choice((None, None, 1, 4, 6, 8)),
        survives=rng.random() < 0.9,
    )
