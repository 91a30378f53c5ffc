"""Draws nodes of the default domain whose shapes follow from attributes and constants."""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from .onnx_drawn import I32, I64, F, Node, Shape, dims, spread


def _node(kind: str, inputs: list[Any], attributes: dict[str, Any] | None = None, **more: Any) -> Node:
    return Node(kind, inputs, attributes or {}, domain="", **more)


def _image(rng: Random, sides: int) -> Shape:
    return (rng.randint(1, 2), rng.randint(1, 4), *(rng.randint(4, 9) for _ in range(sides)))


def _window(rng: Random, sides: int, *, dilated: bool = True) -> dict[str, Any]:
    kernel = [rng.randint(1, 3) for _ in range(sides)]
    found: dict[str, Any] = {"kernel_shape": kernel, "strides": [rng.randint(1, 3) for _ in range(sides)]}
    how = rng.choice(["pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID", ""])
    if how == "pads":
        found["pads"] = [rng.randint(0, k - 1) for k in kernel * 2]
    elif how:
        found["auto_pad"] = how
    if dilated and how not in ("SAME_UPPER", "SAME_LOWER") and rng.random() < 0.4:
        found["dilations"] = [rng.randint(1, 2) for _ in range(sides)]
    return found


def pool(rng: Random) -> Node:
    sides, kind = rng.choice([1, 2, 2, 3]), rng.choice(["MaxPool", "AveragePool", "LpPool"])
    found = _window(rng, sides, dilated=kind == "MaxPool")
    if rng.random() < 0.6:
        found["ceil_mode"] = 1
    outputs = 2 if kind == "MaxPool" and rng.random() < 0.3 else 1
    return _node(kind, [(F, _image(rng, sides))], found, outputs=outputs, opset=rng.choice([12, 19, 22]))


def conv(rng: Random) -> Node:
    found = _window(rng, rng.choice([1, 2, 3]))
    image = _image(rng, len(found["kernel_shape"]))
    group = rng.choice([g for g in range(1, image[1] + 1) if image[1] % g == 0])
    weights = np.ones((group * rng.randint(1, 3), image[1] // group, *found["kernel_shape"]), F)
    if rng.random() < 0.5:
        del found["kernel_shape"]
    return _node("Conv", [(F, image), weights], found | {"group": group})


def conv_transpose(rng: Random) -> Node:
    found = _window(rng, rng.choice([1, 2]))
    sides, image = len(found["kernel_shape"]), _image(rng, len(found["kernel_shape"]))
    group = rng.choice([g for g in range(1, image[1] + 1) if image[1] % g == 0])
    weights = np.ones((image[1], rng.randint(1, 3), *found["kernel_shape"]), F)
    if rng.random() < 0.4:
        found["output_padding"] = [rng.randint(0, stride - 1) for stride in found["strides"]]
    if rng.random() < 0.2:
        found["output_shape"] = [rng.randint(dim, dim * 3) for dim in image[2:]]
        found.pop("pads", None)
    assert len(found["strides"]) == sides
    return _node("ConvTranspose", [(F, image), weights], found | {"group": group}, opset=rng.choice([11, 22]))


def resize(rng: Random) -> Node:
    shape = dims(rng, 1, 4)
    mode: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    axes = sorted(rng.sample(range(len(shape)), rng.randint(1, len(shape)))) if rng.random() < 0.5 else []
    count = len(axes) or len(shape)
    if axes:
        mode["axes"] = [axis - rng.choice([0, len(shape)]) for axis in axes]
    if rng.random() < 0.5:
        scales = np.array([rng.choice([0.4, 0.5, 0.7, 1, 1.3, 2, 2.6]) for _ in range(count)], F)
        return _node("Resize", [(F, shape), None, scales], mode, opset=18)
    if rng.random() < 0.5:
        mode["keep_aspect_ratio_policy"] = rng.choice(["stretch", "not_larger", "not_smaller"])
    sizes = np.array([rng.randint(1, 9) for _ in range(count)], I64)
    return _node("Resize", [(F, shape), None, None, sizes], mode, opset=rng.choice([18, 19]))


def einsum(rng: Random) -> Node:
    length = {letter: rng.randint(1, 4) for letter in "abcd"}
    terms = ["".join(rng.sample("abcd", rng.randint(1, 3))) for _ in range(rng.randint(1, 2))]
    used = sorted(set("".join(terms)))
    made = "".join(rng.sample(used, rng.randint(0, len(used))))
    shapes = [tuple(1 if rng.random() < 0.15 else length[letter] for letter in term) for term in terms]
    equation = ",".join(terms)
    if rng.random() < 0.4:  # what the dots stand for spreads
        batch = dims(rng, 1, 2, 3)
        shapes = [(*spread(rng, batch), *shape) for shape in shapes]
        equation = ",".join(f"...{term}" for term in terms)
        made = f"...{made}"
    if rng.random() < 0.8 or "..." in equation:
        equation += f"->{made}"
    return _node("Einsum", [(F, shape) for shape in shapes], {"equation": equation})


def pad(rng: Random) -> Node:
    shape = dims(rng, 1, 4)
    axes = rng.sample(range(len(shape)), rng.randint(1, len(shape))) if rng.random() < 0.5 else []
    pads = np.array([rng.randint(-1, 3) for _ in range(2 * (len(axes) or len(shape)))], I64)
    more = [None, np.array([axis - rng.choice([0, len(shape)]) for axis in axes], I64)] if axes else []
    return _node("Pad", [(F, shape), pads, *more], {"mode": "constant"}, opset=18)


def slice_(rng: Random) -> Node:
    shape = dims(rng, 1, 4)
    axes = rng.sample(range(len(shape)), rng.randint(1, len(shape)))
    ends = [[rng.randint(-6, 6) for _ in axes], [rng.choice([rng.randint(-7, 7), 2**63 - 1, -(2**63)]) for _ in axes]]
    steps = [rng.choice([1, 1, 2, 3, -1, -2]) for _ in axes]
    named = [axis - rng.choice([0, len(shape)]) for axis in axes]
    return _node("Slice", [(F, shape), *(np.array(values, I64) for values in (*ends, named, steps))])


def split(rng: Random) -> Node:
    shape, count = list(dims(rng)), rng.randint(1, 4)
    axis = rng.randrange(-len(shape), len(shape))
    if rng.random() < 0.5:
        lengths = [rng.randint(0, 3) for _ in range(count)]
        shape[axis] = sum(lengths)
        return _node("Split", [(F, tuple(shape)), np.array(lengths, I64)], {"axis": axis}, outputs=count)
    shape[axis] = rng.randint(count, 9)
    return _node("Split", [(F, tuple(shape))], {"axis": axis, "num_outputs": count}, outputs=count, opset=18)


def reduce(rng: Random) -> Node:
    shape, kind = dims(rng), rng.choice(["Sum", "Mean", "Max", "Prod", "L2", "LogSumExp"])
    axes = [axis - rng.choice([0, len(shape)]) for axis in rng.sample(range(len(shape)), rng.randint(0, len(shape)))]
    found = {"keepdims": rng.randint(0, 1), "noop_with_empty_axes": rng.randint(0, 1)}
    more = [np.array(axes, I64)] if rng.random() < 0.8 else []
    return _node(f"Reduce{kind}", [(F, shape), *more], found, opset=18)


def recurrent(rng: Random) -> Node:
    kind, ways = rng.choice(["RNN", "GRU", "LSTM"]), rng.choice([1, 2])
    t, b, n, h = (rng.randint(1, 4) for _ in range(4))
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
    found: dict[str, Any] = {"hidden_size": h, "direction": "bidirectional" if ways == 2 else "forward"}
    weights = [np.ones((ways, gates * h, n), F), np.ones((ways, gates * h, h), F)]
    return _node(kind, [(F, (t, b, n)), *weights], found, outputs=3 if kind == "LSTM" else 2, opset=14)


def gathering(rng: Random) -> Node:
    shape = dims(rng)
    axis = rng.randrange(-len(shape), len(shape))
    kind = rng.choice(["Gather", "GatherElements", "GatherND", "OneHot", "TopK", "ScatterElements", "Compress"])
    if kind == "Gather":
        return _node(kind, [(F, shape), np.zeros(dims(rng, 0, 2, 3), I64)], {"axis": axis})
    if kind == "GatherElements":
        places = tuple(rng.randint(1, dim) for dim in shape)
        return _node(kind, [(F, shape), np.zeros(places, I64)], {"axis": axis})
    if kind == "GatherND":
        batch = rng.randint(0, len(shape) - 1)
        depth = rng.randint(1, len(shape) - batch)
        return _node(
            kind, [(F, shape), np.zeros((*shape[:batch], *dims(rng, 0, 1, 3), depth), I64)], {"batch_dims": batch}
        )
    if kind == "OneHot":
        axis = rng.randrange(-len(shape) - 1, len(shape) + 1)
        depth = I64(rng.randint(1, 4)) if rng.random() < 0.5 else np.array([rng.randint(1, 4)], I64)
        return _node(kind, [(I64, shape), depth, np.array([0, 1], F)], {"axis": axis})
    if kind == "TopK":
        return _node(kind, [(F, shape), np.array([rng.randint(0, shape[axis])], I64)], {"axis": axis}, outputs=2)
    if kind == "Compress":
        return _node(kind, [(F, shape), np.array([True, False])], {"axis": axis})
    return _node(kind, [(F, shape), np.zeros(shape, I64), (F, shape)], {"axis": axis})


def shaping(rng: Random) -> Node:
    shape = dims(rng)
    kind = rng.choice(
        [
            "Flatten",
            "Squeeze",
            "Unsqueeze",
            "Reshape",
            "Expand",
            "Tile",
            "Transpose",
            "DepthToSpace",
            "SpaceToDepth",
            "Shape",
            "CenterCropPad",
            "EyeLike",
            "ConstantOfShape",
        ]
    )
    if kind == "Flatten":
        return _node(kind, [(F, shape)], {"axis": rng.randint(-len(shape), len(shape))})
    if kind == "Squeeze":
        shape = tuple(1 if rng.random() < 0.5 else dim for dim in shape)
        ones = [axis - rng.choice([0, len(shape)]) for axis, dim in enumerate(shape) if dim == 1]
        return _node(kind, [(F, shape), *([np.array(ones, I64)] if rng.random() < 0.5 else [])])
    if kind == "Unsqueeze":
        count = rng.randint(1, 2)
        rank = len(shape) + count
        axes = [axis - rng.choice([0, rank]) for axis in rng.sample(range(rank), count)]
        return _node(kind, [(F, shape), np.array(axes, I64)])
    if kind == "Reshape":
        wanted = list(rng.choice([(-1,), (0, -1), (*shape, 1), (1, -1, *shape[-1:]), shape[::-1]]))
        return _node(kind, [(F, shape), np.array(wanted, I64)], {"allowzero": 0})
    if kind == "Expand":
        return _node(kind, [(F, spread(rng, shape)), np.array(spread(rng, shape), I64)])
    if kind == "Tile":
        return _node(kind, [(F, shape), np.array([rng.randint(0, 3) for _ in shape], I64)])
    if kind == "Transpose":
        return _node(
            kind, [(F, shape)], {"perm": rng.sample(range(len(shape)), len(shape))} if rng.random() < 0.8 else {}
        )
    if kind in ("DepthToSpace", "SpaceToDepth"):
        n, c, h, w, b = (rng.randint(1, 3) for _ in range(5))
        image = (n, c * b * b, h, w) if kind == "DepthToSpace" else (n, c, h * b, w * b)
        return _node(kind, [(F, image)], {"blocksize": b})
    if kind == "Shape":
        return _node(kind, [(F, shape)], {"start": rng.randint(-5, 5), "end": rng.randint(-5, 5)}, opset=15)
    if kind == "CenterCropPad":
        axes = rng.sample(range(len(shape)), rng.randint(1, len(shape)))
        lengths = np.array([rng.randint(1, 7) for _ in axes], I64)
        return _node(
            kind, [(F, shape), lengths], {"axes": [axis - rng.choice([0, len(shape)]) for axis in axes]}, opset=18
        )
    if kind == "EyeLike":
        return _node(kind, [(F, dims(rng, 2, 2))], {"k": rng.randint(-1, 1)})
    return _node(kind, [np.array(shape, I64)])


def signal(rng: Random) -> Node:
    kind = rng.choice(
        ["DFT", "STFT", "HannWindow", "MelWeightMatrix", "Col2Im", "AffineGrid", "GridSample", "RoiAlign"]
    )
    b, n, c, h, w = (rng.randint(1, 4) for _ in range(5))
    if kind == "DFT":
        rank = rng.randint(2, 4)
        shape = (*dims(rng, rank - 1, rank - 1), rng.choice([1, 2]))
        axis = rng.randrange(0, rank - 1)
        axis -= rng.choice([0, rank])
        one = int(rng.random() < 0.5)
        length = [I64(rng.randint(1, 7))] if rng.random() < 0.5 else [None]
        if rng.random() < 0.5:
            return _node(kind, [(F, shape), *length], {"axis": axis, "onesided": one}, opset=17)
        return _node(kind, [(F, shape), *length, I64(axis)], {"onesided": one}, opset=20)
    if kind == "STFT":
        length, step = rng.randint(2, 8), rng.randint(1, 4)
        inputs = [(F, (b, rng.randint(8, 20), 1)), I64(step), np.ones(length, F)]
        inputs += [I64(length)] if rng.random() < 0.5 else []
        return _node(kind, inputs, {"onesided": rng.randint(0, 1)}, opset=17)
    if kind == "HannWindow":
        return _node(kind, [I64(rng.randint(1, 9))], opset=17)
    if kind == "MelWeightMatrix":
        given = [I64(rng.randint(2, 8)), I64(16), I64(8000), F(0), F(4000)]
        return _node(kind, given, opset=17)
    if kind == "Col2Im":
        image, block = (rng.randint(3, 6), rng.randint(3, 6)), (rng.randint(1, 3), rng.randint(1, 3))
        count = (image[0] - block[0] + 1) * (image[1] - block[1] + 1)
        return _node(
            kind, [(F, (b, c * block[0] * block[1], count)), np.array(image, I64), np.array(block, I64)], opset=18
        )
    if kind == "AffineGrid":
        return _node(kind, [(F, (n, 2, 3)), np.array([n, c, h, w], I64)], opset=20)
    if kind == "GridSample":
        return _node(kind, [(F, (n, c, 4, 5)), (F, (n, h, w, 2))], opset=16)
    found = {"output_height": h, "output_width": w, "mode": "avg"}
    return _node(kind, [(F, (1, c, 6, 6)), (F, (n, 4)), np.zeros(n, I64)], found, opset=16)


def products(rng: Random) -> Node:
    m, k, n = (rng.randint(1, 5) for _ in range(3))
    kind = rng.choice(["MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "Concat", "Where", "Range"])
    batch = dims(rng, 0, 2, 3)
    one, two = (*(spread(rng, batch) if batch else ()), m, k), (*(spread(rng, batch) if batch else ()), k, n)
    if rng.random() < 0.2:
        one = one[-1:]
    if rng.random() < 0.2:
        two = two[-2:-1]
    u = np.uint8
    if kind == "MatMul":
        return _node(kind, [(F, one), (F, two)])
    if kind == "MatMulInteger":
        return _node(kind, [(u, one), (u, two)])
    if kind == "QLinearMatMul":
        return _node(kind, [(u, one), F(1), u(0), (u, two), F(1), u(0), F(1), u(0)])
    if kind == "Gemm":
        ta, tb = rng.randint(0, 1), rng.randint(0, 1)
        return _node(kind, [(F, (k, m) if ta else (m, k)), (F, (n, k) if tb else (k, n))], {"transA": ta, "transB": tb})
    shape = list(dims(rng))
    if kind == "Concat":
        axis, parts = rng.randrange(-len(shape), len(shape)), []
        for _ in range(rng.randint(1, 4)):
            shape[axis] = rng.randint(1, 5)
            parts.append((F, tuple(shape)))
        return _node(kind, parts, {"axis": axis})
    if kind == "Where":
        return _node(kind, [(np.bool_, spread(rng, tuple(shape))), (F, spread(rng, tuple(shape))), (F, tuple(shape))])
    of = rng.choice([F, I32, I64])
    start, limit, step = (
        rng.uniform(-9, 9),
        rng.uniform(-9, 9),
        rng.choice([1, 2, -1, -3] if of is not F else [0.5, 0.1, -0.3]),
    )
    return _node("Range", [np.array(of(value)) for value in (start, limit, step)])


def older(rng: Random) -> Node:
    """Operators before their attributes became inputs."""
    shape = dims(rng)
    axis = rng.randrange(len(shape))
    kind = rng.choice(
        ["Pad", "Slice", "Split", "Squeeze", "Unsqueeze", "ReduceMean", "ReduceSum", "Upsample", "Resize", "TopK"]
    )
    if kind == "Pad":
        return _node(kind, [(F, shape)], {"pads": [rng.randint(0, 3) for _ in range(2 * len(shape))]}, opset=9)
    if kind == "Slice":
        axes = rng.sample(range(len(shape)), rng.randint(1, len(shape)))
        found = {
            "starts": [rng.randint(-6, 6) for _ in axes],
            "ends": [rng.choice([rng.randint(-7, 7), 2**63 - 1]) for _ in axes],
        }
        return _node(kind, [(F, shape)], found | {"axes": axes}, opset=9)
    if kind == "Split":
        lengths = [rng.randint(1, 3) for _ in range(rng.randint(1, 3))]
        whole = (*shape[:axis], sum(lengths), *shape[axis + 1 :])
        return _node(kind, [(F, whole)], {"axis": axis, "split": lengths}, outputs=len(lengths), opset=11)
    if kind == "Squeeze":
        return _node(kind, [(F, (*shape[:axis], 1, *shape[axis + 1 :]))], {"axes": [axis]}, opset=11)
    if kind == "Unsqueeze":
        return _node(kind, [(F, shape)], {"axes": [rng.randrange(-len(shape) - 1, len(shape) + 1)]}, opset=11)
    if kind in ("ReduceMean", "ReduceSum"):
        found = {"axes": [axis - rng.choice([0, len(shape)])]} if rng.random() < 0.8 else {}
        return _node(kind, [(F, shape)], found | {"keepdims": rng.randint(0, 1)}, opset=11)
    if kind == "TopK":
        return _node(
            kind, [(F, shape), np.array([rng.randint(1, shape[axis])], I64)], {"axis": axis}, outputs=2, opset=10
        )
    factors = [rng.choice([1, 1.3, 2, 2.6]) for _ in shape]
    if kind == "Upsample":
        return _node(kind, [(F, shape), np.array(factors, F)], {"mode": "nearest"}, opset=9)
    return _node(
        kind, [(F, shape), np.array([rng.choice([0.3, 0.5, f]) for f in factors], F)], {"mode": "nearest"}, opset=10
    )


def attention(rng: Random) -> Node:
    """Of the default domain, with three axes or four, and a cache."""
    b, s, t, groups, more, size, value = (rng.randint(1, 4) for _ in range(7))
    heads, found = groups * more, {}
    if rng.random() < 0.5:
        inputs = [(F, (b, s, heads * size)), (F, (b, t, groups * size)), (F, (b, t, groups * value))]
        found = {"q_num_heads": heads, "kv_num_heads": groups}
    else:
        inputs = [(F, (b, heads, s, size)), (F, (b, groups, t, size)), (F, (b, groups, t, value))]
    if rng.random() < 0.5:
        past = rng.randint(1, 4)
        inputs += [None, (F, (b, groups, past, size)), (F, (b, groups, past, value))]
        return _node("Attention", inputs, found, outputs=3, opset=23)
    return _node("Attention", inputs, found, opset=23)


def several(rng: Random) -> Node:
    shape = dims(rng)
    axis = rng.randrange(-len(shape), len(shape))
    kind = rng.choice(
        [
            "ArgMax",
            "CumSum",
            "Hardmax",
            "MaxUnpool",
            "MaxRoiPool",
            "GlobalLpPool",
            "ConvInteger",
            "DeformConv",
            "Det",
            "RandomUniform",
            "RandomNormalLike",
            "Multinomial",
            "BatchNormalization",
            "InstanceNormalization",
            "RMSNormalization",
            "NonMaxSuppression",
            "ReverseSequence",
            "Scan",
            "QLinearConv",
            "LpNormalization",
            "Dropout",
            "PRelu",
            "ScatterND",
        ]
    )
    n, c, h, w, m = (rng.randint(1, 4) for _ in range(5))
    if kind == "ArgMax":
        return _node(kind, [(F, shape)], {"axis": axis, "keepdims": rng.randint(0, 1)})
    if kind == "CumSum":
        return _node(kind, [(F, shape), I64(axis)])
    if kind in ("Hardmax", "LpNormalization"):
        return _node(kind, [(F, shape)], {"axis": axis})
    if kind == "MaxUnpool":
        found = {"kernel_shape": [2, 2], "strides": [rng.randint(1, 3), 2], "pads": [0, rng.randint(0, 1), 0, 0]}
        return _node(kind, [(F, (n, c, h, w)), np.zeros((n, c, h, w), I64)], found)
    if kind == "MaxRoiPool":
        return _node(kind, [(F, (1, c, 6, 6)), (F, (n, 5))], {"pooled_shape": [h, w]})
    if kind == "GlobalLpPool":
        return _node(kind, [(F, (n, c, *dims(rng, 1, 3)))])
    if kind in ("ConvInteger", "QLinearConv"):
        found = _window(rng, 2)
        u = np.uint8
        weights = np.ones((m, c, *found["kernel_shape"]), u)
        if kind == "ConvInteger":
            return _node(kind, [(u, (n, c, 6, 7)), weights], found)
        return _node(kind, [(u, (n, c, 6, 7)), F(1), u(0), weights, F(1), u(0), F(1), u(0)], found)
    if kind == "DeformConv":
        return _node(kind, [(F, (n, c, 5, 5)), np.ones((m, c, 2, 2), F), (F, (n, 8, 4, 4))])
    if kind == "Det":
        return _node(kind, [(F, (*shape, 3, 3))])
    if kind == "RandomUniform":
        return _node(kind, [], {"shape": list(shape)})
    if kind == "RandomNormalLike":
        return _node(kind, [(F, shape)])
    if kind == "Multinomial":
        return _node(kind, [(F, (n, c))], {"sample_size": m})
    if kind == "BatchNormalization":
        return _node(kind, [(F, (n, c, h)), *[np.ones(c, F)] * 4], opset=15)
    if kind == "InstanceNormalization":
        return _node(kind, [(F, (n, c, h)), *[np.ones(c, F)] * 2])
    if kind == "RMSNormalization":
        return _node(kind, [(F, shape), np.ones(shape[axis % len(shape) :], F)], {"axis": axis}, opset=23)
    if kind == "NonMaxSuppression":
        return _node(kind, [(F, (1, 6, 4)), (F, (1, c, 6)), np.array([2], I64)])
    if kind == "ReverseSequence":
        return _node(kind, [(F, (h, n, w)), np.ones(n, I64)])
    if kind == "Dropout":
        return _node(kind, [(F, shape)], outputs=2)
    if kind == "PRelu":
        return _node(kind, [(F, shape), (F, spread(rng, shape))])
    if kind == "ScatterND":
        return _node(kind, [(F, shape), np.zeros((2, 1), I64), (F, (2, *shape[1:]))])
    return _node("Transpose", [(F, shape)])


STANDARD: list[Callable[[Random], Node]] = [
    pool,
    pool,
    conv,
    conv_transpose,
    conv_transpose,
    resize,
    resize,
    einsum,
    einsum,
    pad,
    slice_,
    split,
    reduce,
    recurrent,
    gathering,
    gathering,
    shaping,
    shaping,
    signal,
    signal,
    products,
    older,
    attention,
    several,
]
