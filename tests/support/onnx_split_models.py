"""Drawn ONNX models for splits: chains and residual graphs in NCHW and NCW, in floats and as QLinearConv."""

import random
from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSETS = (9, 11, 13, 17, 20)

WEIGHT = 63
"""The largest weight of integers. Where a processor has AVX2 without VNNI, ONNX Runtime adds two products of 8 bits in
16 bits: with larger weights the sum is cut off, and which two are added depends on the shape.
"""


def onnx_bottleneck(side: int = 32, wide: int = 48) -> bytes:
    """X -> Conv 1x1 to many channels -> Relu -> depthwise Conv of stride 2 -> Conv 1x1 to few."""
    drawing = _Drawing(random.Random(0), 17)
    x = drawing.made((1, 4, side, side))
    t = drawing.node("Relu", [drawing.weighted(x, (wide, 4, 1, 1))], (1, wide, side, side))
    t = drawing.weighted(t, (wide, 1, 3, 3), group=wide, strides=[2, 2], pads=[1, 1, 1, 1])
    return drawing.model(x, drawing.weighted(t, (4, wide, 1, 1)))


def onnx_skip(side: int = 32) -> bytes:
    """X -> Relu -> Conv to many channels -> Relu -> Conv to few -> Add, which reads the first Relu's result again."""
    drawing = _Drawing(random.Random(0), 17)
    x = drawing.made((1, 8, side, side))
    first = drawing.node("Relu", [x], (1, 8, side, side))
    t = drawing.node("Relu", [drawing.weighted(first, (24, 8, 1, 1))], (1, 24, side, side))
    return drawing.model(x, drawing.node("Add", [drawing.weighted(t, (8, 24, 1, 1)), first], (1, 8, side, side)))


def drawn_onnx_model(seed: int, *, integers: bool = False, most: int = 8) -> bytes:
    """An ONNX file with up to `most` operators; the same for the same seed."""
    rng = random.Random(seed)
    drawing = _Drawing(rng, rng.choice(OPSETS[2:] if integers else OPSETS))
    rank = rng.choice([3, 4, 4, 4])
    sides = [rng.randint(3, 17), rng.randint(1, 14)][: rank - 2]
    return drawing.drawn((rng.choice([1, 1, 2, 3]), rng.randint(1, 6), *sides), most, integers=integers)


class _Drawing:
    def __init__(self, rng: random.Random, opset: int) -> None:
        self.rng, self.opset = rng, opset
        self.numbers = np.random.default_rng(rng.randrange(2**32))
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.nodes: list = []
        self.stored: list = []
        self.element = TensorProto.FLOAT

    def drawn(self, shape: tuple[int, ...], most: int, *, integers: bool) -> bytes:
        rng = self.rng
        first = last = self.made(shape)
        if integers:
            last = self.quantized(last)
        alive = [last]
        for _ in range(rng.randint(2, most)):
            kinds = ["qconv", "qconv", "qdepthwise", "max_pool"] if integers else [
                "conv", "conv", "conv", "depthwise", "grouped", "max_pool", "average_pool", "pad", "unary", "unary",
                "scale", "squeeze", "normalize",
            ]  # fmt: skip
            alike = [t for t in alive if t != last and self.shapes[t] == self.shapes[last]]
            if alike and not integers and rng.random() < 0.4:
                last = self.node(rng.choice(["Add", "Mul", "Sub"]), [last, rng.choice(alike)], self.shapes[last])
            else:
                last = getattr(self, rng.choice(kinds))(last)
            alive.append(last)
        if integers:
            last = self.node("DequantizeLinear", [last, *self.scales()], self.shapes[last], element=TensorProto.FLOAT)
        elif rng.random() < 0.3:
            last = self.end(last)
        return self.model(first, last)

    def model(self, first: str, last: str) -> bytes:
        element = TensorProto.FLOAT
        inputs, outputs = ([helper.make_tensor_value_info(t, element, self.shapes[t])] for t in (first, last))
        graph = helper.make_graph(self.nodes, "drawn", inputs, outputs, self.stored)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        return model.SerializeToString(deterministic=True)

    def conv(self, t: str) -> str:
        shape = self.shapes[t]
        return self.window(t, (self.rng.randint(1, 9), shape[1]), 1)

    def depthwise(self, t: str) -> str:
        channels = self.shapes[t][1]
        return self.window(t, (channels * self.rng.choice([1, 1, 1, 2]), 1), channels)

    def grouped(self, t: str) -> str:
        channels = self.shapes[t][1]
        group = self.rng.choice([n for n in range(1, channels + 1) if channels % n == 0])
        return self.window(t, (group * self.rng.randint(1, 3), channels // group), group)

    def window(self, t: str, filters: tuple[int, int], group: int) -> str:
        size, how = self.windows(t)
        return self.weighted(t, (*filters, *size), group=group, **how)

    def dequantized(self, values: np.ndarray) -> str:
        """Weights as integers behind a DequantizeLinear, with one scale for each filter or one for all."""
        count = len(values) if self.rng.random() < 0.7 else None
        scale = self.numbers.uniform(0.01, 0.05, count).astype("<f4") if count else np.array(0.02, "<f4")
        inputs = [np.clip(values * 40, -127, 127).astype("i1"), scale, np.zeros(count or (), "i1")]
        made, names = f"d{len(self.nodes)}", [self.constant(one) for one in inputs]
        self.nodes.append(helper.make_node("DequantizeLinear", names, [made], axis=0))
        return made

    def windows(self, t: str, *, pool: bool = False) -> tuple[list[int], dict]:
        """The size of a window, and attributes that go with a tensor."""
        rng, sides = self.rng, self.shapes[t][2:]
        size = [rng.choice([1, 3, 3, rng.randint(1, 5)]) for _ in sides]
        dilations = [1] * len(sides) if pool or rng.random() < 0.7 else [rng.randint(1, 2) for _ in sides]
        strides = [rng.choice([1, 1, 2, 3]) for _ in sides]
        how: dict = {"strides": strides}
        if not pool:
            how["dilations"] = dilations
        reach = [(k - 1) * d + 1 for k, d in zip(size, dilations, strict=True)]
        slow = all(stride <= k for stride, k in zip(strides, size, strict=True))  # ONNX Runtime refuses others
        if rng.random() < 0.3 and dilations == [1] * len(sides) and slow:
            return size, how | {"auto_pad": rng.choice(["SAME_UPPER", "SAME_LOWER"])}
        befores = [rng.randint(0, r - 1) for r in reach]
        afters = [
            max(rng.randint(0, r - 1), r - dim - b) for r, b, dim in zip(reach, befores, sides, strict=True)
        ]  # fmt: skip
        if pool:
            afters = [min(after, r - 1) for after, r in zip(afters, reach, strict=True)]
            size = [min(k, dim + b + a) for k, dim, b, a in zip(size, sides, befores, afters, strict=True)]
            befores, afters = ([min(n, k - 1) for n, k in zip(ns, size, strict=True)] for ns in (befores, afters))
        return size, how | {"pads": [*befores, *afters]}

    def weighted(self, t: str, shape: Sequence[int], **how) -> str:
        values = self.numbers.normal(0, 1, shape).astype("<f4")
        quantized = self.opset >= 13 and self.rng.random() < 0.2
        weights = self.dequantized(values) if quantized else self.constant(values)
        inputs = [t, weights]
        if self.rng.random() < 0.7:
            inputs.append(self.constant(self.numbers.normal(0, 1, shape[0]).astype("<f4")))
        return self.node("Conv", inputs, (self.shapes[t][0], shape[0], *self.sides(t, shape[2:], how)), **how)

    def sides(self, t: str, size: Sequence[int], how: dict) -> list[int]:
        found = []
        for n, (dim, k) in enumerate(zip(self.shapes[t][2:], size, strict=True)):
            stride = how.get("strides", [1, 1])[n]
            reach = (k - 1) * how.get("dilations", [1, 1])[n] + 1
            if "auto_pad" in how:
                found.append(-(-dim // stride))
                continue
            pads = how.get("pads", [0] * (2 * len(size)))
            over = dim + pads[n] + pads[n + len(size)] - reach
            count = over // stride + 1
            if how.get("ceil_mode"):
                count = -(-over // stride) + 1
                count -= (count - 1) * stride >= dim + pads[n]
            found.append(count)
        return found

    def max_pool(self, t: str) -> str:
        return self.pool(t, "MaxPool")

    def average_pool(self, t: str) -> str:
        return self.pool(t, "AveragePool", count_include_pad=self.rng.randint(0, 1))

    def pool(self, t: str, kind: str, **how) -> str:
        size, more = self.windows(t, pool=True)
        how |= more | {"kernel_shape": size}
        if self.opset >= 11 and "pads" in how and self.rng.random() < 0.3:
            how["ceil_mode"] = 1
        return self.node(kind, [t], (*self.shapes[t][:2], *self.sides(t, size, how)), **how)

    def pad(self, t: str) -> str:
        shape, rng = self.shapes[t], self.rng
        befores, afters = ([0, 0, *(rng.randint(0, 2) for _ in shape[2:])] for _ in range(2))
        made = tuple(dim + b + a for dim, b, a in zip(shape, befores, afters, strict=True))
        numbers = [*befores, *afters]
        if self.opset < 11:
            return self.node("Pad", [t], made, pads=numbers)
        return self.node("Pad", [t, self.constant(np.array(numbers, "<i8"))], made)

    def unary(self, t: str) -> str:
        kind = self.rng.choice(["Relu", "Sigmoid", "LeakyRelu", "Tanh", "Clip", "HardSigmoid", "Identity"])
        if kind == "Clip":
            return self.clip(t)
        return self.node(kind, [t], self.shapes[t])

    def clip(self, t: str) -> str:
        if self.opset < 11:
            return self.node("Clip", [t], self.shapes[t], min=-1.0, max=1.0)
        limits = [self.constant(np.array(limit, "<f4")) for limit in (-1.0, 1.0)]
        return self.node("Clip", [t, *(["", limits[1]] if self.rng.random() < 0.3 else limits)], self.shapes[t])

    def scale(self, t: str) -> str:
        """With one number for each channel, or one for all."""
        shape = self.shapes[t]
        form = self.rng.choice([(1, shape[1]), (shape[1],), ()]) + (1,) * (len(shape) - 2)
        inputs = [t, self.constant(self.numbers.normal(0, 1, form).astype("<f4"))]
        if self.rng.random() < 0.3:
            inputs.reverse()
        return self.node(self.rng.choice(["Mul", "Add"]), inputs, shape)

    def squeeze(self, t: str) -> str:
        """Times the average of all rows and columns."""
        shape = self.shapes[t]
        average = self.node("GlobalAveragePool", [t], (*shape[:2], *(1 for _ in shape[2:])))
        return self.node("Mul", [t, average], shape)

    def normalize(self, t: str) -> str:
        rows = [self.numbers.uniform(0.5, 1.5, self.shapes[t][1]).astype("<f4") for _ in range(4)]
        return self.node("BatchNormalization", [t, *map(self.constant, rows)], self.shapes[t])

    def end(self, t: str) -> str:
        """Fully connected, from all elements, as Gemm or MatMul."""
        batch, *rest = self.shapes[t]
        count, out = int(np.prod(rest)), self.rng.randint(2, 9)
        flat = self.node("Flatten", [t], (batch, count))
        if self.rng.random() < 0.5:
            return self.node(
                "MatMul", [flat, self.constant(self.numbers.normal(0, 1, (count, out)).astype("<f4"))], (batch, out)
            )
        across = self.rng.randint(0, 1)
        weights = self.numbers.normal(0, 1, (out, count) if across else (count, out)).astype("<f4")
        bias = self.constant(self.numbers.normal(0, 1, out).astype("<f4"))
        return self.node("Gemm", [flat, self.constant(weights), bias], (batch, out), transB=across)

    def quantized(self, t: str) -> str:
        made = self.node("QuantizeLinear", [t, *self.scales()], self.shapes[t], element=TensorProto.UINT8)
        self.element = TensorProto.UINT8
        return made

    def qconv(self, t: str) -> str:
        return self.qwindow(t, (self.rng.randint(1, 9), self.shapes[t][1]), 1)

    def qdepthwise(self, t: str) -> str:
        channels = self.shapes[t][1]
        return self.qwindow(t, (channels, 1), channels)

    def qwindow(self, t: str, filters: tuple[int, int], group: int) -> str:
        size, how = self.windows(t)
        out, numbers = filters[0], self.numbers
        many = out if self.rng.random() < 0.7 else None
        weights = [
            self.constant(numbers.integers(-WEIGHT, WEIGHT + 1, (*filters, *size)).astype("i1")),
            self.constant(numbers.uniform(0.005, 0.02, many).astype("<f4") if many else np.array(0.01, "<f4")),
            self.constant(np.zeros(many or (), "i1")),
        ]
        bias = [self.constant(numbers.integers(-2000, 2000, out).astype("<i4"))] if self.rng.random() < 0.7 else []
        made = (self.shapes[t][0], out, *self.sides(t, size, how))
        return self.node("QLinearConv", [t, *self.scales(), *weights, *self.scales(), *bias], made, group=group, **how)

    def scales(self) -> list[str]:
        zero = self.constant(np.array(self.rng.randint(90, 160), "u1"))
        return [self.constant(np.array(self.rng.uniform(0.01, 0.05), "<f4")), zero]

    def node(self, kind: str, inputs: list[str], shape: Sequence[int], *, element: int | None = None, **how) -> str:
        made = self.made(tuple(shape))
        name = f"n{len(self.nodes)}" if self.rng.random() < 0.8 else ""
        self.nodes.append(helper.make_node(kind, inputs, [made], name=name, **how))
        del element  # the file lists no types between its nodes
        return made

    def made(self, shape: tuple[int, ...]) -> str:
        name = f"t{len(self.shapes)}"
        self.shapes[name] = shape
        return name

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.stored) + sum(node.op_type == 'Constant' for node in self.nodes)}"
        tensor = numpy_helper.from_array(values, name)
        if self.rng.random() < 0.1:
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        else:
            self.stored.append(tensor)
        return name
