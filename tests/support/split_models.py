"""Drawn models for splits: chains and residual graphs of convolutions, pooling, padding and element-wise operators."""

import random

import numpy as np
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

LIMITS = {"INT8": (-128, 127), "UINT8": (0, 255), "INT16": (-32768, 32767)}


def drawn_split_model(seed: int, dtype: str = "INT8", *, most: int = 8) -> bytes:
    """A TFLite file with up to `most` operators on tensors of one element type; the same for the same seed."""
    return _Drawing(random.Random(seed), dtype).model(most)


class _Drawing:
    def __init__(self, rng: random.Random, dtype: str) -> None:
        self.rng, self.dtype = rng, dtype
        self.numbers = np.random.default_rng(rng.randrange(2**32))
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []

    def model(self, most: int) -> bytes:
        rng = self.rng
        shape = (rng.choice([1, 1, 1, 2, 3]), rng.randint(3, 17), rng.randint(1, 14), rng.randint(1, 6))
        first = last = self.made(shape)
        alive = [first]
        for _ in range(rng.randint(2, most)):
            last = self.step(last, alive)
            alive.append(last)
        if rng.random() < 0.3:
            last = self.end(last)
        return write_model([Subgraph(self.tensors, self.operators, [first], [last])])

    def step(self, t: int, alive: list[int]) -> int:
        alike = [other for other in alive if other != t and self.tensors[other].shape == self.tensors[t].shape]
        kinds = ["conv", "conv", "depthwise", "depthwise", "pad", "pool", "unary", "scale"] + ["add"] * (
            3 if alike else 0
        )
        kind = self.rng.choice(kinds)
        if kind == "add":
            return self.add(t, self.rng.choice(alike))
        return getattr(self, kind)(t)

    def conv(self, t: int) -> int:
        rng, channels = self.rng, self.shape(t)[3]
        if channels == 1 or rng.random() < 0.8:
            return self.convolution(t, "CONV_2D", rng.randint(1, 7))
        groups = rng.choice([n for n in range(2, channels + 1) if channels % n == 0])
        return self.convolution(t, "CONV_2D", groups * rng.randint(1, 2), groups)

    def depthwise(self, t: int) -> int:
        channels = self.shape(t)[3]
        most = 4 if channels == 1 else 2 if channels < 5 and self.rng.random() < 0.2 else 1
        return self.convolution(t, "DEPTHWISE_CONV_2D", channels * self.rng.randint(1, most))

    def convolution(self, t: int, kind: str, out: int, groups: int = 1) -> int:
        rng, shape = self.rng, self.shape(t)
        size = rng.choice([(1, 1), (3, 3), (3, 3), (rng.randint(1, 5), rng.randint(1, 5))])
        dilation = (1, 1) if rng.random() < 0.7 else (rng.randint(1, 2), rng.randint(1, 2))
        stride = (1, 1) if dilation != (1, 1) else (rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2]))
        reach = [(k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)]
        same = rng.random() < 0.7 or any(r > dim for r, dim in zip(reach, shape[1:3], strict=True))
        rows = [
            -(-dim // s) if same else (dim - r) // s + 1 for dim, s, r in zip(shape[1:3], stride, reach, strict=True)
        ]
        depthwise = kind == "DEPTHWISE_CONV_2D"
        weights = (1, *size, out) if depthwise else (out, *size, shape[3] // groups)
        inputs, scale = self.weighted(t, weights, out, 3 if depthwise else 0)
        layout = {"depth_multiplier": out // shape[3]} if depthwise else {}
        how = options(
            "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
            padding=0 if same else 1, stride_w=stride[1], stride_h=stride[0],
            fused_activation_function=rng.choice([0, 0, 1, 3]),
            dilation_w_factor=dilation[1], dilation_h_factor=dilation[0], **layout,
        )  # fmt: skip
        return self.run(kind, inputs, (shape[0], *rows, out), how, scale)

    def weighted(self, t: int, shape: tuple[int, ...], out: int, axis: int) -> tuple[list[int], float]:
        """The inputs of an operator with weights and a bias, and the scale of its result."""
        rng, numbers = self.rng, self.numbers
        fan = int(np.prod(shape)) // out
        if self.dtype == "FLOAT32":
            weights = self.constant(numbers.normal(0, 1, shape).astype("<f4"), "FLOAT32")
            return [t, weights, self.constant(numbers.normal(0, 1, out).astype("<f4"), "FLOAT32")], 0.0
        source = self.tensors[t]
        many = out if self.dtype != "UINT8" and rng.random() < 0.8 else 1
        scales = [float(np.float32(s)) for s in numbers.uniform(0.005, 0.02, many)]
        kind, low, zero = ("UINT8", 0, 128) if self.dtype == "UINT8" else ("INT8", -127, 0)
        data = numbers.integers(low, 128 if low else 256, shape).astype("u1" if low == 0 else "i1")
        weights = self.constant(data, kind, scales, axis, zero)
        wide = self.dtype == "INT16"
        bias = numbers.integers(-2000, 2000, out).astype("<i8" if wide else "<i4")
        own = [s * source.scales[0] for s in scales]
        result = float(np.float32(source.scales[0] * max(scales) * 127 * fan**0.5 * rng.uniform(0.1, 0.5)))
        return [t, weights, self.constant(bias, "INT64" if wide else "INT32", own, 0)], result

    def pad(self, t: int) -> int:
        shape = self.shape(t)
        pads = np.array([[0, 0], *([[self.rng.randint(0, 2) for _ in range(2)] for _ in range(2)]), [0, 0]], "<i4")
        made = tuple(int(dim + sum(pair)) for dim, pair in zip(shape, pads, strict=True))
        source = self.tensors[t]
        scale = source.scales[0] if source.scales else 0.0
        padded = self.run("PAD", [t, self.constant(pads, "INT32")], made, options("PadOptions"), scale, source.zero)
        return self.convolution(padded, "DEPTHWISE_CONV_2D", shape[3]) if self.rng.random() < 0.7 else padded

    def pool(self, t: int) -> int:
        rng, shape, source = self.rng, self.shape(t), self.tensors[t]
        size = (min(rng.randint(1, 3), shape[1]), min(rng.randint(1, 3), shape[2]))
        stride = (rng.randint(1, 2), rng.randint(1, 2))
        same = rng.random() < 0.5
        rows = [
            -(-dim // s) if same else (dim - k) // s + 1 for dim, s, k in zip(shape[1:3], stride, size, strict=True)
        ]
        how = options(
            "Pool2DOptions", padding=0 if same else 1, stride_w=stride[1], stride_h=stride[0], filter_width=size[1],
            filter_height=size[0], fused_activation_function=0,
        )  # fmt: skip
        scale = source.scales[0] if source.scales else 0.0
        kind = rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"])
        return self.run(kind, [t], (shape[0], *rows, shape[3]), how, scale, source.zero)

    def unary(self, t: int) -> int:
        source = self.tensors[t]
        scale = source.scales[0] if source.scales else 0.0
        return self.run("RELU", [t], self.shape(t), None, scale, source.zero)

    def scale(self, t: int) -> int:
        """Times the average of all rows and columns: one number for each channel."""
        batch, rows, columns, channels = self.shape(t)
        source = self.tensors[t]
        how = options(
            "Pool2DOptions", padding=1, stride_w=1, stride_h=1, filter_width=columns, filter_height=rows,
            fused_activation_function=0,
        )  # fmt: skip
        own = source.scales[0] if source.scales else 0.0
        average = self.run("AVERAGE_POOL_2D", [t], (batch, 1, 1, channels), how, own, source.zero)
        return self.run("MUL", [t, average], self.shape(t), options("MulOptions"), own * own * 40)

    def add(self, a: int, b: int) -> int:
        scale = 0.0 if self.dtype == "FLOAT32" else 1.3 * max(self.tensors[a].scales[0], self.tensors[b].scales[0])
        how = options("AddOptions", fused_activation_function=self.rng.choice([0, 1]))
        return self.run("ADD", [a, b], self.shape(a), how, scale)

    def end(self, t: int) -> int:
        """Fully connected, from all elements."""
        count = int(np.prod(self.shape(t)))
        source = self.tensors[t]
        scale = source.scales[0] if source.scales else 0.0
        shape = self.constant(np.array([1, count], "<i4"), "INT32")
        flat = self.run(
            "RESHAPE", [t, shape], (1, count), options("ReshapeOptions", new_shape=[1, count]), scale, source.zero
        )
        out = self.rng.randint(2, 9)
        many = self.rng
        self.rng = random.Random(0)  # one scale for all rows: kernels of this operator differ in scales for each
        self.rng.random = lambda: 0.9  # type: ignore[method-assign]
        inputs, scale = self.weighted(flat, (out, count), out, 0)
        self.rng = many
        return self.run("FULLY_CONNECTED", inputs, (1, out), options("FullyConnectedOptions"), scale)

    def run(
        self, kind: str, inputs: list[int], shape: tuple[int, ...], how, scale: float, zero: int | None = None
    ) -> int:
        made = self.made(shape, scale, zero)
        version = {"INT8": 3, "INT16": 4}.get(self.dtype, 1) if kind.endswith("CONV_2D") else 1
        self.operators.append(Operator(kind, inputs, [made], how, version=version))
        return made

    def made(self, shape: tuple[int, ...], scale: float = 0.0, zero: int | None = None) -> int:
        name = f"t{len(self.tensors)}"
        if self.dtype == "FLOAT32":
            self.tensors.append(Tensor(name, shape, self.dtype))
        else:
            low, high = LIMITS[self.dtype]
            if zero is None:
                zero = 0 if self.dtype == "INT16" else self.rng.randint(low // 2 + high // 4, high // 2)
            self.tensors.append(Tensor(name, shape, self.dtype, scales=[float(np.float32(scale or 0.02))], zero=zero))
        return len(self.tensors) - 1

    def constant(self, data: np.ndarray, dtype: str, scales=(), axis: int = 0, zero: int = 0) -> int:
        tensor = Tensor(
            f"t{len(self.tensors)}", data.shape, dtype, data=data.tobytes(), scales=scales, scaled=axis, zero=zero
        )
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def shape(self, t: int) -> tuple[int, ...]:
        return tuple(self.tensors[t].shape or ())
