"""Draws ONNX nodes: shapes and attributes of operators that ONNX Runtime runs on a processor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np

F, I8, U8, I32, I64 = np.float32, np.int8, np.uint8, np.int32, np.int64
S, Z = F(0.1), U8(128)
MICROSOFT = "com.microsoft"

Shape = tuple[int, ...]


@dataclass
class Node:
    """An operator over `inputs`: pairs of a type and a shape, values, or None; with these `attributes`."""

    kind: str
    inputs: list[Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: int | tuple[int, ...] = 1
    domain: str = MICROSOFT
    opset: int = 19


def dims(rng: Random, low: int = 1, high: int = 4, most: int = 5) -> Shape:
    return tuple(rng.randint(1, most) for _ in range(rng.randint(low, high)))


def spread(rng: Random, shape: Shape) -> Shape:
    cut = shape[rng.randint(0, len(shape)) if rng.random() < 0.4 else 0 :]
    return tuple(1 if rng.random() < 0.3 else dim for dim in cut)


def _ones(*shape: int, kind: type = F) -> np.ndarray:
    return np.ones(shape, kind)


def fused_matmul(rng: Random) -> Node:
    m, k, n = (rng.randint(1, 5) for _ in range(3))
    ta, tb, ba, bb = (int(rng.random() < 0.4) for _ in range(4))
    batch = dims(rng, 1, 2, 3)
    a, b = (k, m) if ta else (m, k), (n, k) if tb else (k, n)
    if ba or bb:
        one = (a[0], *batch, a[1]) if ba else (*batch, *a)
        two = (b[0], *batch, b[1]) if bb else (*batch, *b)
    else:
        one, two = (*spread(rng, batch), *a), (*spread(rng, batch), *b)
    return Node("FusedMatMul", [(F, one), (F, two)], {"transA": ta, "transB": tb, "transBatchA": ba, "transBatchB": bb})


def quantized_spread(rng: Random) -> Node:
    shape, kind = dims(rng), rng.choice(["QLinearAdd", "QLinearMul"])
    return Node(kind, [(U8, spread(rng, shape)), S, Z, (U8, spread(rng, shape)), S, Z, S, Z])


def quantized_where(rng: Random) -> Node:
    shape = dims(rng)
    condition, x, y = (spread(rng, shape) for _ in range(3))
    return Node("QLinearWhere", [(np.bool_, condition), (U8, x), S, Z, (U8, y), S, Z, S, Z])


def quantized_concat(rng: Random) -> Node:
    shape = list(dims(rng))
    axis = rng.randrange(-len(shape), len(shape))
    inputs: list[Any] = [S, Z]
    for _ in range(rng.randint(1, 4)):
        shape[axis] = rng.randint(1, 5)
        inputs += [(U8, tuple(shape)), S, Z]
    return Node("QLinearConcat", inputs, {"axis": axis})


def _windows(rng: Random, sides: int, *, dilations: bool = True) -> dict[str, Any]:
    kernel = [rng.randint(1, 3) for _ in range(sides)]
    found: dict[str, Any] = {"kernel_shape": kernel, "strides": [rng.randint(1, 3) for _ in range(sides)]}
    if dilations and rng.random() < 0.4:
        found["dilations"] = [rng.randint(1, 2) for _ in range(sides)]
    how = rng.choice(["pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID", ""])
    if how == "pads":
        found["pads"] = [rng.randint(0, k - 1) for k in kernel * 2]
    elif how:
        found["auto_pad"] = how
    return found


def _image(rng: Random, sides: int, *, last: bool = False) -> Shape:
    shape = (rng.randint(1, 2), rng.randint(1, 4), *(rng.randint(4, 9) for _ in range(sides)))
    return (shape[0], *shape[2:], shape[1]) if last else shape


def average_pool(rng: Random) -> Node:
    last = int(rng.random() < 0.5)
    found = _windows(rng, 2, dilations=False) | {"ceil_mode": rng.randint(0, 1), "channels_last": last}
    return Node("QLinearAveragePool", [(U8, _image(rng, 2, last=bool(last))), S, Z, S, Z], found)


def nhwc_max_pool(rng: Random) -> Node:
    found = _windows(rng, rng.choice([1, 2, 2, 3])) | {"ceil_mode": rng.randint(0, 1)}
    return Node("NhwcMaxPool", [(U8, _image(rng, len(found["kernel_shape"]), last=True))], found)


def quantized_conv(rng: Random) -> Node:
    last = int(rng.random() < 0.5)
    found = _windows(rng, rng.choice([1, 2, 2, 3]))
    image = _image(rng, len(found["kernel_shape"]), last=bool(last))
    channels = image[-1] if last else image[1]
    group = rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
    weights = _ones(group * rng.randint(1, 3), channels // group, *found["kernel_shape"], kind=U8)
    return Node(
        "QLinearConv", [(U8, image), S, Z, weights, S, Z, S, Z], found | {"channels_last": last, "group": group}
    )


def fused_conv(rng: Random) -> Node:
    found = _windows(rng, rng.choice([1, 2]))
    image = _image(rng, len(found["kernel_shape"]))
    weights = _ones(rng.randint(1, 4), image[1], *found["kernel_shape"])
    return Node("FusedConv", [(F, image), weights], found | {"activation": "Relu"})


def gemm(rng: Random) -> Node:
    m, k, n = (rng.randint(1, 5) for _ in range(3))
    ta, tb = rng.randint(0, 1), rng.randint(0, 1)
    a, b = (k, m) if ta else (m, k), (n, k) if tb else (k, n)
    if rng.random() < 0.5:
        return Node("FusedGemm", [(F, a), (F, b)], {"transA": ta, "transB": tb, "activation": "Relu"})
    more = [None, S, Z] if rng.random() < 0.5 else []
    return Node("QGemm", [(U8, a), S, Z, _ones(*b, kind=U8), S, Z, *more], {"transA": ta, "transB": tb})


def integer_matmul(rng: Random) -> Node:
    shape = dims(rng, 1, 3)
    batch, k, n = shape[:-1], rng.randint(1, 5), rng.randint(1, 5)
    one = (*batch, k)
    two = (*spread(rng, batch[:-1]), k, n) if len(batch) > 1 else (k, n)
    if rng.random() < 0.5:
        return Node("MatMulIntegerToFloat", [(U8, one), (U8, two), S, S, Z, Z])
    return Node("DynamicQuantizeMatMul", [(F, one), _ones(*two, kind=U8), S, Z])


def packed_matmul(rng: Random) -> Node:
    blocks, n = rng.randint(1, 3), rng.randint(1, 6)
    weights, scales = _ones(n, blocks, 8, kind=U8), _ones(n * blocks)
    shape = (*dims(rng, 1, 2), 16 * blocks)
    found = {"K": 16 * blocks, "N": n, "bits": 4, "block_size": 16}
    return Node("MatMulNBits", [(F, shape), weights, scales], found)


def attention(rng: Random) -> Node:
    b, s, heads, size, value = (rng.randint(1, 4) for _ in range(5))
    wide, sizes = rng.randint(1, 9), {}
    q, v = heads * size, heads * size
    if rng.random() < 0.4:
        v = heads * value
        sizes = {"qkv_hidden_sizes": [q, q, v]}
    inputs: list[Any] = [(F, (b, s, wide)), _ones(wide, 2 * q + v), _ones(2 * q + v)]
    if not sizes and rng.random() < 0.4:
        inputs += [None, (F, (2, b, heads, rng.randint(1, 5), size))]
        return Node("Attention", inputs, {"num_heads": heads}, 2)
    return Node("Attention", inputs, {"num_heads": heads} | sizes, rng.choice([1, 2]) if not sizes else 1)


def multi_head(rng: Random) -> Node:
    b, s, t, heads, size, value = (rng.randint(1, 4) for _ in range(6))
    query = (F, (b, s, heads * size))
    how = rng.choice(["cross", "past", "axes", "self"])
    if how == "cross":
        return Node(
            "MultiHeadAttention",
            [query, (F, (b, t, heads * size)), (F, (b, t, heads * value))],
            {"num_heads": heads},
            3,
        )
    if how == "axes":
        return Node(
            "MultiHeadAttention", [query, (F, (b, heads, t, size)), (F, (b, heads, t, value))], {"num_heads": heads}
        )
    if how == "past":
        inputs = [query, query, (F, (b, s, heads * value)), None, None, None]
        inputs += [(F, (b, heads, t, size)), (F, (b, heads, t, value))]
        return Node("MultiHeadAttention", inputs, {"num_heads": heads}, 3)
    return Node(
        "MultiHeadAttention",
        [query, query, (F, (b, s, heads * value)), _ones(heads * (2 * size + value))],
        {"num_heads": heads},
        3,
    )


def grouped(rng: Random) -> Node:
    b, s, groups, more = (rng.randint(1, 3) for _ in range(4))
    heads, size, before = groups * more, 8 * rng.randint(1, 2), rng.randint(1, 5)
    total = before + s
    room = total if rng.random() < 0.5 else total + rng.randint(0, 3)
    past = (F, (b, groups, rng.choice([before, room]), size))
    width = (heads + 2 * groups) if (packed := rng.random() < 0.5) else heads
    pair = [None, None] if packed else [(F, (b, s, groups * size))] * 2
    inputs = [(F, (b, s, width * size)), *pair, past, past, np.full(b, total - 1, I32), I32(total)]
    return Node("GroupQueryAttention", inputs, {"num_heads": heads, "kv_num_heads": groups}, 3)


def normalization(rng: Random) -> Node:
    shape = dims(rng, 1, 4)
    axis = rng.randrange(-len(shape), len(shape))
    scale = _ones(*shape[axis % len(shape) :])
    if rng.random() < 0.4:
        return Node("LayerNormalization", [(F, shape), scale], {"axis": axis}, 3, domain="")
    if rng.random() < 0.3:
        return Node("SimplifiedLayerNormalization", [(F, shape), scale], {"axis": axis}, 1, domain="")
    b, s, h = (rng.randint(1, 4) for _ in range(3))
    kind = rng.choice(["SkipLayerNormalization", "SkipSimplifiedLayerNormalization"])
    skip = rng.choice([(b, s, h), (1, s, h), (s, h)])
    return Node(kind, [(F, (b, s, h)), (F, skip), _ones(h)], {}, (0, 3))


def moving(rng: Random) -> Node:
    shape = dims(rng, 1, 4)
    kind = rng.choice(["Pad", "ExpandDims", "Range", "CDist", "GatherND", "Crop", "Trilu", "GatherBlockQuantized"])
    if kind == "Pad":
        pads = np.array([rng.randint(-1, 3) for _ in range(2 * len(shape))], I64)
        return Node(kind, [(F, shape), pads if rng.random() < 0.5 else pads[None]], {"mode": "constant"})
    if kind == "ExpandDims":
        return Node(kind, [(F, shape), I32(rng.randrange(-len(shape) - 1, len(shape) + 1))])
    if kind == "Range":
        kind_of = rng.choice([F, I32, I64])
        start, limit, step = rng.uniform(-9, 9), rng.uniform(-9, 9), rng.choice([1, 2, 3, 0.5, 0.1])
        step = max(step, 1) if kind_of is not F else step
        if limit < start:
            step = -step
        return Node(kind, [kind_of(start), kind_of(limit), kind_of(step)])
    if kind == "CDist":
        return Node(kind, [(F, (shape[0], 3)), (F, (shape[-1], 3))], {"metric": "euclidean"})
    if kind == "GatherND":
        depth = rng.randint(1, len(shape))
        return Node(kind, [(F, shape), np.zeros((*dims(rng, 0, 2, 3), depth), I64)])
    if kind == "Crop":
        border = [rng.randint(0, 2) for _ in range(4)]
        return Node(kind, [(F, (*dims(rng, 2, 2), 6, 7))], {"border": border}, domain="", opset=9)
    if kind == "Trilu":
        return Node(kind, [(F, dims(rng, 2, 4))], {"upper": rng.randint(0, 1)})
    blocks = rng.randint(1, 2)
    shape = (*dims(rng, 1, 2), 32 * blocks)
    axis = rng.randrange(-len(shape), len(shape) - 1) if len(shape) > 1 else 0
    packed = np.zeros((*shape[:-1], shape[-1] // 2), U8)
    inputs = [packed, np.zeros(dims(rng, 0, 2, 3), I64), np.ones((*shape[:-1], 2 * blocks), F)]
    found = {"gather_axis": 0 if axis < -1 else axis, "quantize_axis": len(shape) - 1, "block_size": 16, "bits": 4}
    return Node(kind, inputs, found)


MICROSOFTS: list[Callable[[Random], Node]] = [
    fused_matmul,
    quantized_spread,
    quantized_where,
    quantized_concat,
    average_pool,
    nhwc_max_pool,
    quantized_conv,
    fused_conv,
    gemm,
    integer_matmul,
    packed_matmul,
    attention,
    multi_head,
    grouped,
    normalization,
    moving,
]
"""Most of com.microsoft, and what ONNX Runtime has in the default domain."""
