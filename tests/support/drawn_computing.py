"""Draws TFLite operators that compute: elementwise ones, windows, products, recurrent layers."""

from random import Random

import numpy as np
from tflite_writer import options

from .drawn_one import Const, Drawn, Fed, Shape, State, floats, shape_of, spread


def elementwise(rng: Random) -> Drawn:
    kind = rng.choice(["RELU", "TANH", "LOGISTIC", "ABS", "NEG", "SQRT", "SQUARE", "FLOOR", "ELU", "GELU", "SOFTMAX"])
    table = options("SoftmaxOptions", beta=1.0) if kind == "SOFTMAX" else None
    return Drawn(kind, [Fed(shape_of(rng, 1, 4))], options=table)


def spreading(rng: Random) -> Drawn:
    kind = rng.choice(
        [
            "ADD",
            "SUB",
            "MUL",
            "DIV",
            "MAXIMUM",
            "MINIMUM",
            "POW",
            "SQUARED_DIFFERENCE",
            "FLOOR_DIV",
            "LESS",
            "EQUAL",
            "GREATER_EQUAL",
            "NOT_EQUAL",
            "FLOOR_MOD",
            "PRELU",
        ]
    )
    shape = shape_of(rng, 1, 4)
    one, two = (spread(rng, shape), spread(rng, shape))
    out = "BOOL" if kind in ("LESS", "EQUAL", "GREATER_EQUAL", "NOT_EQUAL") else "FLOAT32"
    return Drawn(kind, [Fed(one), Fed(two) if rng.random() < 0.7 else floats(*two)], [out])


def select(rng: Random) -> Drawn:
    shape = shape_of(rng, 1, 4)
    if rng.random() < 0.3:
        condition = rng.choice([shape, (), shape[:1]])
        return Drawn("SELECT", [Fed(condition, "BOOL"), Fed(shape), Fed(shape)])
    return Drawn("SELECT_V2", [Fed(spread(rng, shape), "BOOL"), Fed(spread(rng, shape)), Fed(spread(rng, shape))])


def _image(rng: Random, most: int = 9) -> Shape:
    return tuple(rng.randint(1, top) for top in (3, most, most, 4))


def conv(rng: Random) -> Drawn:
    n, h, w, c = _image(rng)
    kh, kw = rng.randint(1, 4), rng.randint(1, 4)
    table = options(
        "Conv2DOptions",
        padding=rng.randint(0, 1),
        stride_w=rng.randint(1, 3),
        stride_h=rng.randint(1, 3),
        dilation_w_factor=rng.randint(1, 3),
        dilation_h_factor=rng.randint(1, 3),
    )
    groups = rng.choice([g for g in range(1, c + 1) if c % g == 0])
    m = groups * rng.randint(1, 3)
    return Drawn("CONV_2D", [Fed((n, h, w, c)), floats(m, kh, kw, c // groups), floats(m)], options=table)


def depthwise(rng: Random) -> Drawn:
    n, h, w, c = _image(rng)
    more, stride = rng.randint(1, 3), rng.randint(1, 3)
    table = options(
        "DepthwiseConv2DOptions",
        padding=rng.randint(0, 1),
        stride_w=stride,
        stride_h=rng.randint(1, 3),
        depth_multiplier=more,
        dilation_w_factor=rng.randint(1, 3),
        dilation_h_factor=rng.randint(1, 3),
    )
    kernel = floats(1, rng.randint(1, 4), rng.randint(1, 4), c * more)
    return Drawn("DEPTHWISE_CONV_2D", [Fed((n, h, w, c)), kernel, floats(c * more)], options=table)


def pool(rng: Random) -> Drawn:
    kind = rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"])
    table = options(
        "Pool2DOptions",
        padding=rng.randint(0, 1),
        stride_w=rng.randint(1, 3),
        stride_h=rng.randint(1, 3),
        filter_width=rng.randint(1, 4),
        filter_height=rng.randint(1, 4),
    )
    return Drawn(kind, [Fed(_image(rng))], options=table)


def conv_3d(rng: Random) -> Drawn:
    n, h, w, c = _image(rng, 6)
    names = ["stride_d", "stride_w", "stride_h", "dilation_d_factor", "dilation_w_factor", "dilation_h_factor"]
    table = options("Conv3DOptions", padding=rng.randint(0, 1), **{name: rng.randint(1, 2) for name in names})
    kernel = floats(*(rng.randint(1, 3) for _ in range(3)), c, rng.randint(1, 3))
    return Drawn("CONV_3D", [Fed((n, rng.randint(1, 6), h, w, c)), kernel], options=table)


def transpose_conv(rng: Random) -> Drawn:
    n, h, w, c = _image(rng, 6)
    stride, padding = (rng.randint(1, 3), rng.randint(1, 3)), rng.randint(0, 1)
    kernel, m = (rng.randint(1, 4), rng.randint(1, 4)), rng.randint(1, 3)
    out = [d * s if padding == 0 else (d - 1) * s + k for d, s, k in zip((h, w), stride, kernel, strict=True)]
    table = options("TransposeConvOptions", padding=padding, stride_h=stride[0], stride_w=stride[1])
    return Drawn("TRANSPOSE_CONV", [Const([n, *out, m]), floats(m, *kernel, c), Fed((n, h, w, c))], options=table)


def resize(rng: Random) -> Drawn:
    kind = rng.choice(["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
    return Drawn(kind, [Fed(_image(rng)), Const([rng.randint(1, 12), rng.randint(1, 12)])])


def blocks(rng: Random) -> Drawn:
    n, h, w, c = _image(rng, 4)
    b = rng.randint(1, 3)
    if rng.random() < 0.5:
        return Drawn(
            "SPACE_TO_DEPTH", [Fed((n, h * b, w * b, c))], options=options("SpaceToDepthOptions", block_size=b)
        )
    return Drawn("DEPTH_TO_SPACE", [Fed((n, h, w, c * b * b))], options=options("DepthToSpaceOptions", block_size=b))


def batches(rng: Random) -> Drawn:
    rank = rng.choice([3, 4])
    sides = rank - 2
    block = [rng.randint(1, 3) for _ in range(sides)]
    shape = [rng.randint(1, 3), *(rng.randint(1, 5) for _ in range(sides)), rng.randint(1, 3)]
    pads = []
    if rng.random() < 0.5:
        for axis, b in enumerate(block, 1):
            before = rng.randint(0, 2)
            pads.append([before, -(before + shape[axis]) % b + b * rng.randint(0, 1)])
        return Drawn("SPACE_TO_BATCH_ND", [Fed(tuple(shape)), Const(block), Const(pads)])
    for axis, b in enumerate(block, 1):
        whole = shape[axis] * b
        before = rng.randint(0, min(2, whole - 1))
        pads.append([before, rng.randint(0, min(2, whole - before - 1))])
    shape[0] *= int(np.prod(block))
    return Drawn("BATCH_TO_SPACE_ND", [Fed(tuple(shape)), Const(block), Const(pads)])


def dense(rng: Random) -> Drawn:
    shape, units = shape_of(rng, 1, 4), rng.randint(1, 5)
    keep = rng.random() < 0.5
    depth = shape[-1]
    if not keep and len(shape) > 2 and rng.random() < 0.4:  # a kernel over more than the last axis
        depth *= shape[-2]
    table = options("FullyConnectedOptions", keep_num_dims=keep)
    bias = floats(units) if rng.random() < 0.6 else None
    return Drawn("FULLY_CONNECTED", [Fed(shape), floats(units, depth), bias], options=table)


def matmul(rng: Random) -> Drawn:
    batch = shape_of(rng, 0, 3, 3)
    m, k, n = (rng.randint(1, 5) for _ in range(3))
    x, y = rng.random() < 0.4, rng.random() < 0.4
    one, two = spread(rng, batch) if batch else (), spread(rng, batch) if batch else ()
    left, right = (*one, *((k, m) if x else (m, k))), (*two, *((n, k) if y else (k, n)))
    table = options("BatchMatMulOptions", adj_x=x, adj_y=y)
    return Drawn("BATCH_MATMUL", [Fed(left), Fed(right) if rng.random() < 0.6 else floats(*right)], options=table)


def recurrent(rng: Random) -> Drawn:
    b, t, n, u, v = (rng.randint(1, 4) for _ in range(5))
    kind = rng.choice(
        [
            "SVDF",
            "RNN",
            "UNIDIRECTIONAL_SEQUENCE_RNN",
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            "LSTM",
            "BIDIRECTIONAL_SEQUENCE_LSTM",
        ]
    )
    if kind == "SVDF":
        rank = rng.randint(1, 2)
        given = [Fed((b, n)), floats(u * rank, n), floats(u * rank, t), floats(u), State((b, t * u * rank))]
        return Drawn(kind, given, options=options("SVDFOptions", rank=rank))
    if kind == "RNN":
        return Drawn(kind, [Fed((b, n)), floats(u, n), floats(u, u), floats(u), State((b, u))])
    major = rng.random() < 0.5
    image = (t, b, n) if major else (b, t, n)
    if kind == "UNIDIRECTIONAL_SEQUENCE_RNN":
        given = [Fed(image), floats(u, n), floats(u, u), floats(u), State((b, u))]
        return Drawn(kind, given, options=options("SequenceRNNOptions", time_major=major))
    project = rng.random() < 0.4  # v outputs of u cells
    out = v if project else u
    half = [*[floats(u, n)] * 4, *[floats(u, out)] * 4, *[None] * 3, *[floats(u)] * 4]
    half += [floats(v, u) if project else None, None]
    if kind == "BIDIRECTIONAL_SEQUENCE_LSTM":
        merge = rng.random() < 0.5
        states = [State((b, out)), State((b, u))] * 2
        given = [Fed(image), *half, *half, *states, *[None] * 9]
        table = options(
            "BidirectionalSequenceLSTMOptions", fused_activation_function=4, merge_outputs=merge, time_major=major
        )
        return Drawn(kind, given, ["FLOAT32"] * (1 if merge else 2), table)
    states = [State((b, out)), State((b, u)), *[None] * 4]
    if kind == "LSTM":
        return Drawn(kind, [Fed((b, n)), *half, *states], options=options("LSTMOptions", fused_activation_function=4))
    table = options("UnidirectionalSequenceLSTMOptions", fused_activation_function=4, time_major=major)
    return Drawn(kind, [Fed(image), *half, *states], options=table)


DRAW = [
    elementwise,
    spreading,
    select,
    conv,
    depthwise,
    pool,
    conv_3d,
    transpose_conv,
    resize,
    blocks,
    batches,
    dense,
    matmul,
    recurrent,
]
