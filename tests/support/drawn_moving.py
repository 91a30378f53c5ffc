"""Draws TFLite operators that move elements, choose from them or leave axes out."""

from random import Random

import numpy as np
from tflite_writer import options

from .drawn_one import Const, Drawn, Fed, Given, axis_in, floats, shape_of, spread, whole_type


def reshape(rng: Random) -> Drawn:
    shape = shape_of(rng, 0, 4)
    count, wanted = int(np.prod(shape)), []
    for _ in range(rng.randint(0, 3)):
        d = rng.choice([d for d in range(1, count + 1) if count % d == 0])
        wanted.append(d)
        count //= d
    wanted.insert(rng.randint(0, len(wanted)), count if rng.random() < 0.5 else -1)
    if rng.random() < 0.3:
        return Drawn("RESHAPE", [Fed(shape)], options=options("ReshapeOptions", new_shape=wanted))
    table = options("ReshapeOptions", new_shape=rng.choice([wanted, [1], []])) if rng.random() < 0.3 else None
    return Drawn("RESHAPE", [Fed(shape), Const(wanted)], options=table)


def squeeze(rng: Random) -> Drawn:
    shape = tuple(1 if rng.random() < 0.5 else dim for dim in shape_of(rng, 1, 5))
    ones = [axis - rng.choice([0, len(shape)]) for axis, dim in enumerate(shape) if dim == 1 and rng.random() < 0.6]
    return Drawn("SQUEEZE", [Fed(shape)], options=options("SqueezeOptions", squeeze_dims=ones))


def expand_dims(rng: Random) -> Drawn:
    shape = shape_of(rng, 0, 4)
    axis = rng.randrange(-len(shape) - 1, len(shape) + 1)
    return Drawn("EXPAND_DIMS", [Fed(shape), Const(rng.choice([axis, [axis]]), whole_type(rng))])


def transpose(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 5)
    order = rng.sample(range(len(shape)), len(shape))
    return Drawn("TRANSPOSE", [Fed(shape), Const(order)])


def concat(rng: Random) -> Drawn:
    shape = list(shape_of(rng, 1, 4))
    axis = axis_in(rng, len(shape))
    parts: list[Given] = []
    for _ in range(rng.randint(1, 4)):
        shape[axis] = rng.randint(1, 5)
        parts.append(Fed(tuple(shape)) if rng.random() < 0.8 else floats(*shape))
    return Drawn("CONCATENATION", parts, options=options("ConcatenationOptions", axis=axis))


def pack(rng: Random) -> Drawn:
    shape, count = shape_of(rng, 0, 4), rng.randint(1, 4)
    table = options("PackOptions", values_count=count, axis=rng.randrange(-len(shape) - 1, len(shape) + 1))
    return Drawn("PACK", [Fed(shape)] * count, options=table)


def unpack(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    axis = axis_in(rng, len(shape))
    table = options("UnpackOptions", num=shape[axis], axis=axis)
    return Drawn("UNPACK", [Fed(shape)], ["FLOAT32"] * shape[axis], table)


def split(rng: Random) -> Drawn:
    shape, count = list(shape_of(rng, 1, 4)), rng.randint(1, 4)
    axis = axis_in(rng, len(shape))
    if rng.random() < 0.4:
        shape[axis] *= count
        given = [Const(rng.choice([axis, [axis]])), Fed(tuple(shape))]
        return Drawn("SPLIT", given, ["FLOAT32"] * count, options("SplitOptions", num_splits=count))
    lengths = [rng.randint(0, 3) for _ in range(count)]
    shape[axis] = sum(lengths)
    if rng.random() < 0.5:
        lengths[rng.randrange(count)] = -1
    given = [Fed(tuple(shape)), Const(lengths, whole_type(rng)), Const(axis)]
    return Drawn("SPLIT_V", given, ["FLOAT32"] * count, options("SplitVOptions", num_splits=count))


def slice_(rng: Random) -> Drawn:
    shape, dtype = shape_of(rng, 1, 5), whole_type(rng)
    begin = [rng.randint(0, dim) for dim in shape]
    size = [-1 if rng.random() < 0.3 else rng.randint(0, dim - b) for b, dim in zip(begin, shape, strict=True)]
    return Drawn("SLICE", [Fed(shape), Const(begin, dtype), Const(size, dtype)])


def strided_slice(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    names = ["begin_mask", "end_mask", "new_axis_mask", "shrink_axis_mask"]
    count = rng.randint(1, len(shape) + (1 if rng.random() < 0.3 else 0))
    masks = {name: sum((rng.random() < 0.3) << bit for bit in range(count)) for name in names}
    if rng.random() < 0.5:
        masks["new_axis_mask"] = 0
    if rng.random() < 0.3:
        masks["ellipsis_mask"] = 1 << rng.randrange(count)
    begin = [rng.randint(-5, 5) for _ in range(count)]
    end = [rng.randint(-6, 6) for _ in range(count)]
    steps = [rng.choice([1, 1, 1, 2, 3, -1, -2]) for _ in range(count)]
    given = [Fed(shape), Const(begin), Const(end), Const(steps)]
    return Drawn("STRIDED_SLICE", given, options=options("StridedSliceOptions", **masks))


def pad(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    kind = rng.choice(["PAD", "PADV2", "MIRROR_PAD"])
    mode = rng.randint(0, 1)
    tops = [3 if kind != "MIRROR_PAD" else dim - 1 if mode == 0 else dim for dim in shape]
    pads = Const([[rng.randint(0, top), rng.randint(0, top)] for top in tops], whole_type(rng))
    more = [Const(0.0, "FLOAT32")] if kind == "PADV2" else []
    table = options("MirrorPadOptions", mode=mode) if kind == "MIRROR_PAD" else None
    return Drawn(kind, [Fed(shape), pads, *more], options=table)


def tile(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    return Drawn("TILE", [Fed(shape), Const([rng.randint(0, 3) for _ in shape], whole_type(rng))])


def gather(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    axis = axis_in(rng, len(shape))
    at = axis % len(shape)
    batch = rng.randint(0, at)
    indices = (*shape[:batch], *shape_of(rng, 0, 2, 3))
    low = batch - len(indices) if len(indices) > batch and rng.random() < 0.3 else batch
    table = options("GatherOptions", axis=axis, batch_dims=low)
    return Drawn("GATHER", [Fed(shape), Const(np.zeros(indices), whole_type(rng))], options=table)


def gather_nd(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    indices = (*shape_of(rng, 0, 2, 3), rng.randint(1, len(shape)))
    return Drawn("GATHER_ND", [Fed(shape), Const(np.zeros(indices), whole_type(rng))])


def reduced(rng: Random) -> Drawn:
    kind = rng.choice(["MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"])
    shape = shape_of(rng, 0, 4)
    dtype = "BOOL" if kind in ("REDUCE_ANY", "REDUCE_ALL") else "FLOAT32"
    axes = [axis_in(rng, len(shape)) for _ in range(rng.randint(0, len(shape)))]
    given = Const(rng.choice([axes[0], axes]) if axes else [])
    return Drawn(kind, [Fed(shape, dtype), given], [dtype], options("ReducerOptions", keep_dims=rng.random() < 0.5))


def arg_extreme(rng: Random) -> Drawn:
    shape, kind = shape_of(rng, 1, 4), rng.choice(["ARG_MAX", "ARG_MIN"])
    axis, table = axis_in(rng, len(shape)), "ArgMaxOptions" if kind == "ARG_MAX" else "ArgMinOptions"
    given = [Fed(shape), Const(rng.choice([axis, [axis]]), whole_type(rng))]
    return Drawn(kind, given, ["INT32"], options(table, output_type=2))


def top_k(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    k = rng.randint(0, shape[-1])
    return Drawn("TOPK_V2", [Fed(shape), Const(rng.choice([k, [k]]))], ["FLOAT32", "INT32"])


def one_hot(rng: Random) -> Drawn:
    shape = shape_of(rng, 0, 3)
    table = options("OneHotOptions", axis=rng.randint(-1, len(shape)))
    depth = Const(rng.choice([3, [3]]) if rng.random() < 0.5 else 2)
    given = [Fed(shape, rng.choice(["INT32", "INT64"])), depth, Const(1.0, "FLOAT32"), Const(0.0, "FLOAT32")]
    return Drawn("ONE_HOT", given, options=table)


def range_(rng: Random) -> Drawn:
    start, limit, step = rng.randint(-9, 9), rng.randint(-9, 9), rng.choice([1, 2, 3, -1, -2, -5])
    if (limit - start) * step < 0:
        step = -step
    dtype = whole_type(rng)
    return Drawn("RANGE", [Const(start, dtype), Const(limit, dtype), Const(step, dtype)], [dtype])


def like(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    axis = Const(axis_in(rng, len(shape)))
    kind = rng.choice(["CUMSUM", "REVERSE_V2", "ZEROS_LIKE", "SHAPE", "RANK", "L2_NORMALIZATION", "MATRIX_DIAG"])
    if kind == "CUMSUM":
        return Drawn(kind, [Fed(shape), axis])
    if kind == "REVERSE_V2":
        return Drawn(kind, [Fed(shape), Const([axis.values])])
    if kind in ("SHAPE", "RANK"):
        return Drawn(kind, [Fed(shape)], ["INT32"], options("ShapeOptions", out_type=2) if kind == "SHAPE" else None)
    return Drawn(kind, [Fed(shape)])


def stated(rng: Random) -> Drawn:
    shape = shape_of(rng, 0, 4)
    kind = rng.choice(["FILL", "BROADCAST_TO", "RANDOM_UNIFORM", "BROADCAST_ARGS", "SCATTER_ND", "SPARSE_TO_DENSE"])
    if kind == "FILL":
        return Drawn(kind, [Const(list(shape), whole_type(rng)), Fed(())])
    if kind == "BROADCAST_TO":
        return Drawn(kind, [Fed(spread(rng, shape) if shape else ()), Const(list(shape), whole_type(rng))], version=3)
    if kind == "RANDOM_UNIFORM":
        return Drawn(kind, [Const(list(shape))])
    if kind == "BROADCAST_ARGS":
        return Drawn(kind, [Const(list(shape)), Const(list(spread(rng, shape) if shape else ()))], ["INT32"])
    shape = shape or (3,)
    if kind == "SCATTER_ND":
        depth = rng.randint(1, len(shape))
        rows = shape_of(rng, 1, 2, 3)
        updates = Fed((*rows, *shape[depth:]))
        return Drawn(kind, [Const(np.zeros((*rows, depth))), updates, Const(list(shape))])
    return Drawn(kind, [Const(np.zeros((1, len(shape)))), Const(list(shape)), floats(1), Const(0.0, "FLOAT32")])


def rows(rng: Random) -> Drawn:
    kind = rng.choice(["EMBEDDING_LOOKUP", "UNSORTED_SEGMENT_SUM", "MULTINOMIAL", "RFFT2D", "SEGMENT_SUM"])
    shape = shape_of(rng, 1, 4)
    if kind == "EMBEDDING_LOOKUP":
        table = floats(3, *shape_of(rng, 1, 3))
        return Drawn(kind, [Fed(shape[:1], "INT32"), table])
    if kind == "SEGMENT_SUM":
        return Drawn(kind, [Fed(shape), Const(sorted(rng.randint(0, 3) for _ in range(shape[0])))])
    if kind == "UNSORTED_SEGMENT_SUM":
        cut = rng.randint(1, len(shape))
        return Drawn(kind, [Fed(shape), Const(np.zeros(shape[:cut])), Const(rng.randint(1, 5))])
    if kind == "MULTINOMIAL":
        return Drawn(kind, [Fed(shape_of(rng, 2, 2)), Const(rng.randint(1, 5))], ["INT32"])
    length = [2 ** rng.randint(0, 3), 2 ** rng.randint(1, 3)]
    return Drawn(kind, [Fed((*shape[:2], rng.randint(1, 8), rng.randint(1, 8))), Const(length)], ["COMPLEX64"])


DRAW = [
    reshape,
    squeeze,
    expand_dims,
    transpose,
    concat,
    pack,
    unpack,
    split,
    slice_,
    strided_slice,
    pad,
    tile,
    gather,
    gather_nd,
    reduced,
    arg_extreme,
    top_k,
    one_hot,
    range_,
    like,
    stated,
    rows,
]
