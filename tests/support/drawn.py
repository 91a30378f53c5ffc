"""Graphs drawn from a seed, thousands in a minute, in which every kind of sharing meets every other.

Sizes are few and have common factors, so that pieces and results often fit over each other.
"""

import random
from dataclasses import replace

from support.graphs import Sketch, graph_of
from tmpass.base.dtypes import FLOAT32, INT8, UINT8
from tmpass.graph.model import Call, Graph, Move, Moves, Op, Quantization, TensorKind

_CHOICES = (
    *("op",) * 4,
    *("unary",) * 6,
    *("view",) * 3,
    *("concat",) * 5,
    *("split",) * 2,
    *("slice",) * 2,
    *("pack", "unpack", "branch", "loop", "variable", "assign", "scatter", "random"),
)


def draw_graph(rng: random.Random, most_ops: int = 6, *, bodies: bool = True, groups: float = 0) -> Graph:
    """A graph of one or, seldom, two entries, with at most `most_ops` operators in each subgraph; without `bodies` it
    has one subgraph. `groups` is how often an operator has floats around it that stand between integers.
    """
    sketches: list[Sketch] = []
    unit = rng.choice((1, 4, 16))
    entries = [_grow(rng, sketches, most_ops, unit, 0 if bodies else 2, None, groups)]
    if bodies and rng.random() < 0.1:
        entries.append(_grow(rng, sketches, most_ops, unit, 0, None, groups))
    return graph_of(*sketches, entries=tuple(entries))


def permuted(rng: random.Random, graph: Graph) -> Graph:
    """`graph` with the operators of each subgraph in another order in which each comes after those it waits for."""
    from tmpass.graph.dependencies import reads
    from tmpass.graph.effects import effect_edges

    effects = effect_edges(graph)
    subgraphs = []
    for subgraph, more in zip(graph.subgraphs, effects, strict=True):
        edges = {(a, b) for a, b, _ in reads(subgraph)} | set(more)
        left, order = set(range(len(subgraph.ops))), list[int]()
        while left:
            ready = sorted(op for op in left if not any(a in left for a, b in edges if b == op))
            order.append(rng.choice(ready))
            left.remove(order[-1])
        subgraphs.append(replace(subgraph, ops=tuple(subgraph.ops[op] for op in order)))
    return replace(graph, subgraphs=tuple(subgraphs))


def shuffled(rng: random.Random, graph: Graph) -> Graph:
    """`graph` with the operators of each subgraph in any order, as files have them that are not sorted."""
    subgraphs = [replace(s, ops=tuple(rng.sample(s.ops, len(s.ops)))) for s in graph.subgraphs]
    return replace(graph, subgraphs=tuple(subgraphs))


def _grow(
    rng: random.Random,
    sketches: list[Sketch],
    most_ops: int,
    unit: int,
    depth: int,
    parent: tuple[Sketch, list[int]] | None,
    groups: float = 0,
) -> int:
    sketch, slot = Sketch(f"g{len(sketches)}"), len(sketches)
    sketches.append(sketch)
    known = [sketch.input(_size(rng, unit)) for _ in range(rng.randint(parent is None, 2))]
    if rng.random() < 0.4:
        known.append(sketch.tensor(_size(rng, unit), TensorKind.CONSTANT))
    if parent is not None:
        outer, offered = parent
        kinds = (TensorKind.ACTIVATION, TensorKind.CAPTURE)
        offered = sorted({t for t in offered if outer.tensors[t].kind in kinds})
        chosen = rng.sample(offered, min(len(offered), rng.randint(0, 2)))
        known += [sketch.tensor(outer.tensors[t].shape, TensorKind.CAPTURE, captures=t) for t in chosen]
    for _ in range(rng.randint(1, most_ops)):
        before = len(sketch.tensors)
        if groups and rng.random() < groups and any(sketch.tensors[t].dtype.bits == 8 for t in known):
            known += _add_group(rng, sketch, known)
            continue
        _add(rng, sketches, sketch, known, unit, depth)
        known += (t for t in range(before, len(sketch.tensors)) if t not in sketch.ops[-1].temporaries)
    sketch.outputs = _outputs(rng, sketch, known)
    return slot


def _size(rng: random.Random, unit: int) -> int:
    return unit * rng.choice((0, 1, 1, 1, 2, 2, 3, 4)) if rng.random() < 0.95 else rng.randint(0, 9)


def _outputs(rng: random.Random, sketch: Sketch, known: list[int]) -> list[int]:
    """The last results most of the time; also inputs, constants, views, and one tensor twice."""
    if not known:
        return []
    read = {t for op in sketch.ops for t in op.inputs}
    ends = [t for op in sketch.ops for t in op.outputs if t not in read and t in known]
    found = ends[-rng.randint(1, 3) :] if ends and rng.random() < 0.8 else rng.sample(known, min(len(known), 2))
    if rng.random() < 0.15:
        found.append(rng.choice(known))
    return found


def _add(rng: random.Random, sketches: list[Sketch], sketch: Sketch, known: list[int], unit: int, depth: int) -> None:
    """One operator more; the last tensors are read more often."""
    choice = rng.choice(_CHOICES)
    recent = known[-4:] if rng.random() < 0.6 else known
    first = rng.choice(recent) if recent else -1
    if first < 0 or choice == "op":
        inputs = [rng.choice(known) for _ in range(rng.randint(0, min(2, len(known))))]
        temporaries = (sketch.tensor(_size(rng, unit)),) if rng.random() < 0.1 else ()
        sketch.op(inputs, *(_size(rng, unit) for _ in range(rng.choice((1, 1, 1, 2)))), temporaries=temporaries)
        return
    shape = sketch.tensors[first].shape
    length = shape[0] if shape else 0
    if choice == "random":
        sketch.op([first], _size(rng, unit), random=True)
    elif choice == "scatter":
        sketch.op([first, rng.choice(known)], shape, kind="ScatterND")
    elif choice == "unary":
        alike = [t for t in known if sketch.tensors[t].shape == shape and t != first]
        others = [rng.choice(alike)] if alike and rng.random() < 0.4 else []
        sketch.unary(first, *others, kind=rng.choice(("RELU", "ADD", "TANH")))
    elif choice == "concat" and len(shape) == 1:
        parts = [first, *(rng.choice(known) for _ in range(rng.randint(1, 3)))]
        parts = [t for t in parts if len(sketch.tensors[t].shape) == 1]
        rng.shuffle(parts)
        sketch.concat(*parts) if sum(sketch.tensors[t].shape[0] for t in parts) <= 16 * unit else sketch.view(first)
    elif choice == "pack" and length * 2 <= 16 * unit and len(shape) == 1:
        same = [t for t in known if sketch.tensors[t].shape == shape]
        sketch.pack(first, rng.choice(same), axis=rng.choice((0, 0, 1)))
    elif choice == "unpack" and len(shape) == 2 and 0 < length <= 4:
        sketch.unpack(first)
    elif choice == "split" and shape:
        at = unit * rng.randint(0, length // unit) if length % unit == 0 else rng.randint(0, length)
        sketch.split(first, at, length - at)
    elif choice == "slice" and shape:
        at = unit * rng.randint(0, length // unit) if length % unit == 0 else rng.randint(0, length)
        sketch.slice(first, at, rng.randint(0, length - at) // unit * unit if length % unit == 0 else length - at)
    elif choice in ("branch", "loop") and depth < 2:
        _call(rng, sketches, sketch, known, unit, depth, choice)
    elif choice in ("variable", "assign"):
        _variable(rng, sketch, known, unit)
    else:
        sketch.view(first)


def _add_group(rng: random.Random, sketch: Sketch, known: list[int]) -> list[int]:
    """Integers to floats, an operator, perhaps an activation, and back; returns what others may read.

    Scales and types are drawn: where they differ, what moves floats does not move their integers.
    """
    scales = [t for t, tensor in enumerate(sketch.tensors) if tensor.name.startswith("scale")]
    while len(scales) < 2:
        scales.append(sketch.tensor((), TensorKind.CONSTANT, dtype=FLOAT32, name=f"scale{len(scales)}"))
    scale = rng.choice(scales)

    def make(kind: str, inputs: list[int], shape: tuple[int, ...], dtype, **more) -> int:
        made = sketch.tensor(shape, dtype=dtype)
        sketch.ops.append(Op(kind, f"op{len(sketch.ops)}", tuple(inputs), (made,), **more))
        return made

    def floats(t: int) -> int:
        made = next(
            (o.outputs[0] for o in sketch.ops if o.quantization is Quantization.DEQUANTIZE and o.inputs[0] == t), None
        )
        if made is not None and rng.random() < 0.5:
            return made
        with_scale = [t, scale if rng.random() < 0.7 else rng.choice(scales)]
        shape = sketch.tensors[t].shape
        return make("DQ", with_scale, shape, FLOAT32, quantization=Quantization.DEQUANTIZE)

    whole = [t for t in known if sketch.tensors[t].dtype.bits == 8]
    one = rng.choice(whole[-4:])
    shape, moves, elementwise = sketch.tensors[one].shape, None, False
    read, kind = [floats(one)], rng.choice(("OP", "RESHAPE", "CONCAT", "ADD", "RELU"))
    clamps = None
    if kind == "RESHAPE":
        moves = Moves(Move.VIEW)
    elif kind == "CONCAT" and len(shape) == 1:
        read.append(floats(rng.choice([t for t in whole if len(sketch.tensors[t].shape) == 1])))
        shape, moves = (sum(sketch.tensors[t].shape[0] for t in read),), Moves(Move.CONCAT, parts=(0, 1))
    elif kind in ("ADD", "RELU"):
        elementwise, clamps = True, Quantization.CLAMP if kind == "RELU" else None
        alike = [t for t in whole if sketch.tensors[t].shape == shape and t != one]
        read += [floats(rng.choice(alike))] if alike and kind == "ADD" else []
    else:
        shape = (rng.choice((1, 2, 4)) * 4,)
    last = make(kind, read, shape, FLOAT32, moves=moves, elementwise=elementwise, quantization=clamps)
    more = [sketch.op([last], shape)] if rng.random() < 0.1 else []
    if rng.random() < 0.3:
        last = make("RELU", [last], shape, FLOAT32, elementwise=True, quantization=Quantization.CLAMP)
    back = [last, scale if rng.random() < 0.7 else rng.choice(scales)]
    dtype = INT8 if rng.random() < 0.2 else UINT8
    return [make("Q", back, shape, dtype, quantization=Quantization.QUANTIZE), *more]


def _call(
    rng: random.Random, sketches: list[Sketch], sketch: Sketch, known: list[int], unit: int, depth: int, choice: str
) -> None:
    calls, captured = [], []
    for role in ("first", "second")[: rng.randint(1, 2)]:
        body = _grow(rng, sketches, 3, unit, depth + 1, (sketch, known))
        calls.append(Call(body, role, repeats=choice == "loop"))
        captured += [t.captures for t in sketches[body].tensors if t.captures is not None]
    inputs = [rng.choice(known)] if known else []
    sketch.op([*inputs, *captured], _size(rng, unit), kind=choice.upper(), calls=tuple(calls))


def _variable(rng: random.Random, sketch: Sketch, known: list[int], unit: int) -> None:
    """Read a variable, which may be written before."""
    variables = [t for t, tensor in enumerate(sketch.tensors) if tensor.kind is TensorKind.VARIABLE]
    state = rng.choice(variables) if variables else sketch.tensor(_size(rng, unit), TensorKind.VARIABLE)
    if rng.random() < 0.5 and known:
        sketch.ops.append(Op("ASSIGN", f"op{len(sketch.ops)}", (rng.choice(known),), (state,)))
    else:
        sketch.op([state], _size(rng, unit))
