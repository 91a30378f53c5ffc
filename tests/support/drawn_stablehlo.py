"""Draws operators of StableHLO that LiteRT runs, and the two like them."""

from random import Random

import numpy as np
from tflite_writer import Operator, Subgraph, Tensor, options

from .drawn_one import Const, Drawn, Fed, floats, shape_of

SUM = Subgraph(
    [Tensor(name, [], has_rank=True) for name in "abc"], [Operator("STABLEHLO_ADD", [0, 1], [2])], [0, 1], [2], "sum"
)


def pad(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    low, high = ([rng.randint(-1, 2) for _ in shape] for _ in range(2))
    between = [rng.choice([0, 0, 1, 2]) for _ in shape]
    table = options("StablehloPadOptions", edge_padding_low=low, edge_padding_high=high, interior_padding=between)
    return Drawn("STABLEHLO_PAD", [Fed(shape), Const(0.0, "FLOAT32")], options=table)


def dilate(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    given = [Fed(shape), Const([rng.randint(1, 3) for _ in shape]), Const(0.0, "FLOAT32")]
    return Drawn("DILATE", given, options=options("DilateOptions"))


def reduce_window(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    window, strides, dilations = ([rng.randint(1, 3) for _ in shape] for _ in range(3))
    given = [Fed(shape), Const(0.0, "FLOAT32"), *(Const(values, "INT64") for values in (window, strides, dilations))]
    return Drawn("REDUCE_WINDOW", given, options=options("ReduceWindowOptions", reduce_function=1))


def stablehlo_reduce_window(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    window, strides, base, dilations = ([rng.randint(1, 3) for _ in shape] for _ in range(4))
    table = options(
        "StablehloReduceWindowOptions",
        window_dimensions=window,
        window_strides=strides,
        base_dilations=base,
        window_dilations=dilations,
        padding=[rng.randint(0, 2) for _ in range(2 * len(shape))],
        body_subgraph_index=1,
    )
    return Drawn("STABLEHLO_REDUCE_WINDOW", [Fed(shape), floats()], options=table, bodies=[SUM])


def scatter(rng: Random) -> Drawn:
    """Rows of the first axis, by their numbers."""
    shape, rows = shape_of(rng, 1, 3), rng.randint(1, 3)
    table = options(
        "StablehloScatterOptions",
        update_window_dims=list(range(1, len(shape))),
        inserted_window_dims=[0],
        scatter_dims_to_operand_dims=[0],
        index_vector_dim=1,
        update_computation_subgraph_index=1,
    )
    given = [Fed(shape), Const(np.zeros((rows, 1))), floats(rows, *shape[1:])]
    return Drawn("STABLEHLO_SCATTER", given, options=table, bodies=[SUM])


def gather(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    sizes = [rng.randint(1, dim) for dim in shape]
    collapsed = [axis for axis in range(len(shape)) if rng.random() < 0.4]
    sizes = [1 if axis in collapsed else size for axis, size in enumerate(sizes)]
    mapped = sorted(rng.sample(range(len(shape)), rng.randint(1, len(shape))))
    batch = list(shape_of(rng, 0, 2, 3))
    vector = rng.randint(0, len(batch))
    indices = [*batch[:vector], len(mapped), *batch[vector:]]
    rank = len(batch) + len(shape) - len(collapsed)
    offsets = sorted(rng.sample(range(rank), len(shape) - len(collapsed)))
    table = options(
        "StablehloGatherOptions",
        offset_dims=offsets,
        collapsed_slice_dims=collapsed,
        start_index_map=mapped,
        index_vector_dim=vector,
        slice_sizes=sizes,
    )
    return Drawn("STABLEHLO_GATHER", [Fed(shape), Const(np.zeros(indices))], options=table)


def elementwise(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    kind = rng.choice(["ADD", "MULTIPLY", "MAXIMUM", "MINIMUM", "CBRT"])
    return Drawn(f"STABLEHLO_{kind}", [Fed(shape)] * (1 if kind == "CBRT" else 2))


DRAW = [pad, dilate, reduce_window, stablehlo_reduce_window, scatter, gather, elementwise]
