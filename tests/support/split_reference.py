"""The operators of drawn splits in numpy: the arithmetic of the reference kernels, written from their definition.

Quantised sums are exact, and scaled as the kernels do: `_scaled`. Floats are summed in double precision and rounded
once, so they are equal for the same inputs, but not to those of the kernels.
"""

from collections.abc import Sequence

import numpy as np
import tflite

TYPES = {0: "<f4", 2: "<i4", 3: "u1", 4: "<i8", 7: "<i2", 9: "i1"}


class Reference:
    """A model with one subgraph, which runs in numpy.

    Raises:
        KeyError: it has an operator that is not here.
    """

    def __init__(self, data: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.model.Subgraphs(0)
        self.tensors = [self.graph.Tensors(t) for t in range(self.graph.TensorsLength())]
        self.constants = {t: value for t in range(len(self.tensors)) if (value := self._constant(t)) is not None}

    def run(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """The values of all tensors, by name."""
        values = dict(self.constants)
        for position, value in enumerate(inputs):
            values[self.graph.Inputs(position)] = value
        for number in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(number)
            code = self.model.OperatorCodes(op.OpcodeIndex())
            kind = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
            self._values = values
            made = _KERNELS[kind](self, op)
            out = op.Outputs(0)
            assert tuple(made.shape) == tuple(self.tensors[out].ShapeAsNumpy()), (number, kind, made.shape)
            values[out] = made
        return {self.tensors[t].Name().decode(): value for t, value in values.items()}

    def inputs(self, seed: int) -> list[np.ndarray]:
        """Values over the whole range of the inputs."""
        rng, made = np.random.default_rng(seed), []
        for position in range(self.graph.InputsLength()):
            tensor = self.tensors[self.graph.Inputs(position)]
            shape, kind = tuple(tensor.ShapeAsNumpy()), np.dtype(TYPES[tensor.Type()])
            if kind.kind == "f":
                made.append(rng.normal(0, 1, shape).astype(kind))
            else:
                made.append(rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, dtype=kind, endpoint=True))
        return made

    def outputs(self, values: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs among the values of a run."""
        names = (self.tensors[self.graph.Outputs(n)].Name().decode() for n in range(self.graph.OutputsLength()))
        return [values[name] for name in names]

    def _constant(self, t: int) -> np.ndarray | None:
        tensor = self.tensors[t]
        data = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        if isinstance(data, int) or not len(data):
            return None
        shape = () if tensor.ShapeIsNone() else tuple(tensor.ShapeAsNumpy())
        return np.frombuffer(data.tobytes(), TYPES[tensor.Type()]).reshape(shape)

    def _scales(self, t: int) -> tuple[np.ndarray, int]:
        parameters = self.tensors[t].Quantization()
        if parameters is None or not parameters.ScaleLength():
            return np.ones(1), 0
        return parameters.ScaleAsNumpy().astype(np.float64), int(parameters.ZeroPoint(0))

    def _float(self, op) -> bool:
        return self.tensors[op.Outputs(0)].Type() == 0

    def _options(self, op, kind: type):
        made = kind()
        made.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
        return made

    def _limits(self, t: int, activation: int) -> tuple[float, float]:
        """The least and the largest value that an activation leaves, as the tensor stores them."""
        low, high = {0: (None, None), 1: (0.0, None), 3: (0.0, 6.0)}[activation]
        kind = np.dtype(TYPES[self.tensors[t].Type()])
        if kind.kind == "f":
            return -np.inf if low is None else low, np.inf if high is None else high
        (scale,), zero = self._scales(t)
        least, most = np.iinfo(kind).min, np.iinfo(kind).max
        if low is not None:
            least = max(least, zero + round(low / scale))
        if high is not None:
            most = min(most, zero + round(high / scale))
        return least, most

    def conv(self, op) -> np.ndarray:
        options = self._options(op, tflite.Conv2DOptions)
        weights = self._values[op.Inputs(1)]
        windows, taken = self._windows(
            op, options, weights.shape[1:3], options.DilationHFactor(), options.DilationWFactor()
        )
        data, filters = windows * taken, self._centred(op, 1)
        groups, wide = windows.shape[-1] // filters.shape[-1], filters.shape[-1]
        sums = [
            np.einsum("nhwklc,oklc->nhwo", data[..., n * wide : (n + 1) * wide], own)
            for n, own in enumerate(np.split(filters, groups))
        ]
        return self._summed(op, options, np.concatenate(sums, axis=-1))

    def depthwise(self, op) -> np.ndarray:
        options = self._options(op, tflite.DepthwiseConv2DOptions)
        weights = self._values[op.Inputs(1)]
        windows, taken = self._windows(
            op, options, weights.shape[1:3], options.DilationHFactor(), options.DilationWFactor()
        )
        many = weights.shape[3] // windows.shape[-1]
        data = np.repeat(windows * taken, many, axis=-1)
        return self._summed(op, options, np.einsum("nhwklc,klc->nhwc", data, self._centred(op, 1)[0]))

    def pool(self, op, *, largest: bool) -> np.ndarray:
        options = self._options(op, tflite.Pool2DOptions)
        windows, taken = self._windows(
            op, options, (options.FilterHeight(), options.FilterWidth()), 1, 1, centred=False
        )
        taken = np.broadcast_to(taken, windows.shape)
        if largest:
            least = -np.inf if windows.dtype.kind == "f" else np.iinfo(windows.dtype).min
            made = np.where(taken, windows, least).max(axis=(3, 4))
        else:
            total, count = (windows * taken).sum(axis=(3, 4)), taken.sum(axis=(3, 4))
            half = np.where(total > 0, count // 2, -(count // 2))
            made = total / count if self._float(op) else np.trunc((total + half) / count).astype(np.int64)
        return self._stored(op, made, self._limits(op.Outputs(0), options.FusedActivationFunction()))

    def _windows(
        self, op, options, size, down: int, across: int, *, centred: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """The windows [batch, rows, columns, height, width, channels], and which of their elements are inside."""
        data = self._centred(op, 0) if centred else self._wide(op)
        shape = self.tensors[op.Outputs(0)].ShapeAsNumpy()
        places = []
        for axis, stride, k, d in ((1, options.StrideH(), size[0], down), (2, options.StrideW(), size[1], across)):
            length, count = data.shape[axis], int(shape[axis])
            missing = (count - 1) * stride + (k - 1) * d + 1 - length if options.Padding() == 0 else 0
            first = np.arange(count)[:, None] * stride - max(missing, 0) // 2
            places.append(first + np.arange(k)[None] * d)
        rows, columns = places
        inside_rows, inside_columns = ((at >= 0) & (at < data.shape[axis]) for axis, at in ((1, rows), (2, columns)))
        taken = (inside_rows[:, None, :, None] & inside_columns[None, :, None, :])[..., None]
        rows, columns = rows.clip(0, data.shape[1] - 1), columns.clip(0, data.shape[2] - 1)
        return data[:, rows[:, None, :, None], columns[None, :, None, :]], taken

    def _wide(self, op, position: int = 0) -> np.ndarray:
        value = self._values[op.Inputs(position)]
        return value.astype(np.float64 if value.dtype.kind == "f" else np.int64)

    def _centred(self, op, position: int) -> np.ndarray:
        """A value without its zero point."""
        value = self._wide(op, position)
        return value if value.dtype.kind == "f" else value - self._scales(op.Inputs(position))[1]

    def _summed(self, op, options, total: np.ndarray) -> np.ndarray:
        """The result of sums over windows, with bias, scale and activation."""
        out, bias = op.Outputs(0), self._values[op.Inputs(2)]
        limits = self._limits(out, options.FusedActivationFunction())
        if self._float(op):
            return self._stored(op, total + bias, limits)
        (scale,), zero = self._scales(out)
        factors = self._scales(op.Inputs(0))[0] * self._scales(op.Inputs(1))[0] / scale
        factors = np.broadcast_to(factors, total.shape[-1:])
        return self._stored(op, _scaled(total + bias, factors, twice=self._narrow(out)) + zero, limits)

    def _narrow(self, t: int) -> bool:
        return np.dtype(TYPES[self.tensors[t].Type()]).itemsize == 1

    def _stored(self, op, value: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
        return value.clip(*limits).astype(TYPES[self.tensors[op.Outputs(0)].Type()])

    def dense(self, op) -> np.ndarray:
        options = self._options(op, tflite.FullyConnectedOptions)
        weights = self._centred(op, 1)
        total = self._centred(op, 0).reshape(-1, weights.shape[1]) @ weights.T
        return self._summed(op, options, total)

    def add(self, op) -> np.ndarray:
        """The sum of both inputs, each scaled to twice the larger scale and some bits to the left."""
        options = self._options(op, tflite.AddOptions)
        out = op.Outputs(0)
        limits = self._limits(out, options.FusedActivationFunction())
        if self._float(op):
            return self._stored(op, self._wide(op) + self._wide(op, 1), limits)
        (scale,), zero = self._scales(out)
        shift = 20 if self._narrow(out) else 15
        scales = [self._scales(op.Inputs(n))[0] for n in (0, 1)]
        most = 2 * max(scales[0][0], scales[1][0])
        total = sum(_scaled(self._centred(op, n) << shift, scales[n] / most, twice=True) for n in (0, 1))
        return self._stored(op, _scaled(total, most / (scale * np.full(1, 1 << shift)), twice=True) + zero, limits)

    def mul(self, op) -> np.ndarray:
        options = self._options(op, tflite.MulOptions)
        out = op.Outputs(0)
        limits = self._limits(out, options.FusedActivationFunction())
        product = self._centred(op, 0) * self._centred(op, 1)
        if self._float(op):
            return self._stored(op, product, limits)
        (scale,), zero = self._scales(out)
        factor = self._scales(op.Inputs(0))[0] * self._scales(op.Inputs(1))[0] / scale
        return self._stored(op, _scaled(product, factor, twice=True) + zero, limits)

    def relu(self, op) -> np.ndarray:
        return self._stored(op, self._wide(op), self._limits(op.Outputs(0), 1))

    def pad(self, op) -> np.ndarray:
        value, pads = self._values[op.Inputs(0)], self._values[op.Inputs(1)]
        zero = 0 if self._float(op) else self._scales(op.Outputs(0))[1]
        return np.pad(value, pads, constant_values=zero)

    def slice(self, op) -> np.ndarray:
        begin, size = self._values[op.Inputs(1)], self._values[op.Inputs(2)]
        return self._values[op.Inputs(0)][tuple(slice(b, b + n) for b, n in zip(begin, size, strict=True))]

    def concat(self, op) -> np.ndarray:
        axis = self._options(op, tflite.ConcatenationOptions).Axis()
        return np.concatenate([self._values[op.Inputs(n)] for n in range(op.InputsLength())], axis)

    def reshape(self, op) -> np.ndarray:
        return self._values[op.Inputs(0)].reshape(self.tensors[op.Outputs(0)].ShapeAsNumpy())


_KERNELS = {
    0: Reference.add,
    1: lambda model, op: model.pool(op, largest=False),
    2: Reference.concat,
    3: Reference.conv,
    4: Reference.depthwise,
    9: Reference.dense,
    18: Reference.mul,
    17: lambda model, op: model.pool(op, largest=True),
    19: Reference.relu,
    22: Reference.reshape,
    34: Reference.pad,
    65: Reference.slice,
}
"""The kernels by the numbers of their operators."""


def _scaled(total: np.ndarray, factors: np.ndarray, *, twice: bool) -> np.ndarray:
    """Whole numbers times factors, each a multiplier of 31 bits and a shift.

    With `twice` the product is rounded to 31 bits less, half up, and again by the shift, half away from zero; otherwise
    once, half up.
    """
    mantissas, exponents = np.frexp(factors)
    multipliers = np.rint(mantissas * (1 << 31)).astype(np.int64).astype(object)
    exponents = exponents.astype(np.int64).astype(object)
    whole = total.astype(np.int64).astype(object)
    if not twice:
        shifts = 31 - exponents
        return ((whole * multipliers + 2 ** (shifts - 1)) >> shifts).astype(np.int64)
    left, right = np.maximum(exponents, 0), np.maximum(-exponents, 0)
    product = whole * 2**left * multipliers
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(nudged >= 0, nudged // (1 << 31), -(-nudged // (1 << 31)))
    rest, half = high & (2**right - 1), (2**right - 1) // 2 + (high < 0)
    return ((high >> right) + (rest > half)).astype(np.int64)
