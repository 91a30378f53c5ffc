"""Drawn ONNX models with branches: several inputs, views, concats, slices, sums of branches, outputs that are read."""

import random

import numpy as np
from onnx import TensorProto, helper, numpy_helper

_KINDS = ("conv", "conv", "depthwise", "relu", "add", "add", "concat", "slice", "split", "reshape", "pad", "scale")


def branchy_model(seed, steps):
    """The bytes of a model of at most twice as many operators, or None where nothing was drawn."""
    drawn = _Drawn(random.Random(seed), np.random.default_rng(seed))
    inputs = [drawn.tensor((1, drawn.rng.randint(1, 6), drawn.rng.choice([4, 6, 8, 12]), drawn.rng.choice([4, 6])))]
    if drawn.rng.random() < 0.3:
        inputs.append(drawn.tensor(drawn.shapes[inputs[0]]))
    alive = list(inputs)
    for _ in range(steps):
        near = alive[-4:] if drawn.rng.random() < 0.8 else alive
        alive += getattr(drawn, drawn.rng.choice(_KINDS))(drawn.rng.choice(near), alive)
    read = {t for node in drawn.nodes for t in node.input}
    outputs = [t for t in alive if t not in read and t not in inputs]
    if drawn.rng.random() < 0.25:
        outputs += [t for t in alive if t in read and t not in inputs][:1]
    if not outputs:
        return None

    def declared(names):
        return [helper.make_tensor_value_info(t, TensorProto.FLOAT, drawn.shapes[t]) for t in names]

    graph = helper.make_graph(drawn.nodes, "g", declared(inputs), declared(outputs), drawn.stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made.SerializeToString()


class _Drawn:
    def __init__(self, rng, values):
        self.rng, self.values, self.shapes, self.nodes, self.stored = rng, values, {}, [], []

    def tensor(self, shape):
        name = f"t{len(self.shapes)}"
        self.shapes[name] = tuple(shape)
        return name

    def constant(self, data):
        name = f"c{len(self.stored)}"
        self.stored.append(numpy_helper.from_array(np.asarray(data), name))
        return name

    def node(self, kind, inputs, *shapes, **attributes):
        made = [self.tensor(shape) for shape in shapes]
        self.nodes.append(helper.make_node(kind, inputs, made, **attributes))
        return made

    def conv(self, t, _):
        n, c, h, w = self.shapes[t]
        filters, side = self.rng.randint(1, 10), self.rng.choice([1, 1, 3])
        weights = self.constant(self.values.normal(0, 1, (filters, c, side, side)).astype("f4"))
        return self.node("Conv", [t, weights], (n, filters, h, w), pads=[side // 2] * 4)

    def depthwise(self, t, _):
        n, c, h, w = self.shapes[t]
        weights, stride = self.constant(self.values.normal(0, 1, (c, 1, 3, 3)).astype("f4")), self.rng.choice([1, 2])
        shape = (n, c, -(-h // stride), -(-w // stride))
        return self.node("Conv", [t, weights], shape, pads=[1] * 4, group=c, strides=[stride] * 2)

    def relu(self, t, _):
        return self.node(self.rng.choice(["Relu", "Sigmoid"]), [t], self.shapes[t])

    def add(self, t, alive):
        others = [a for a in alive if a != t and self.shapes[a] == self.shapes[t]]
        return self.node("Add", [t, self.rng.choice(others)], self.shapes[t]) if others else []

    def concat(self, t, alive):
        axis, shape = self.rng.choice([1, 2]), list(self.shapes[t])
        fit = [
            a
            for a in alive
            if all(x == y for i, (x, y) in enumerate(zip(self.shapes[a], shape, strict=True)) if i != axis)
        ]
        parts = [t, *(self.rng.choice(fit) for _ in range(self.rng.randint(1, 2)))]
        shape[axis] = sum(self.shapes[a][axis] for a in parts)
        return self.node("Concat", parts, shape, axis=axis) if shape[axis] <= 40 else []

    def slice(self, t, _):
        axis, shape = self.rng.choice([1, 2]), list(self.shapes[t])
        if shape[axis] < 2:
            return []
        start = self.rng.randint(0, shape[axis] - 2)
        stop = self.rng.randint(start + 1, shape[axis])
        shape[axis] = stop - start
        return self.node("Slice", [t, *(self.constant([number]) for number in (start, stop, axis))], shape)

    def split(self, t, _):
        axis, shape = self.rng.choice([1, 2]), list(self.shapes[t])
        if shape[axis] % 2:
            return []
        shape[axis] //= 2
        return self.node("Split", [t, self.constant([shape[axis]] * 2)], shape, shape, axis=axis)

    def reshape(self, t, _):
        n, c, h, w = self.shapes[t]
        shape = (n, c, 2 * h, w // 2)
        return self.node("Reshape", [t, self.constant(shape)], shape) if w % 2 == 0 else []

    def pad(self, t, _):
        n, c, h, w = self.shapes[t]
        before, after = self.rng.randint(0, 2), self.rng.randint(0, 2)
        return self.node("Pad", [t, self.constant([0, 0, before, 0, 0, 0, after, 0])], (n, c, h + before + after, w))

    def scale(self, t, _):
        n, c = self.shapes[t][:2]
        (mean,) = self.node("GlobalAveragePool", [t], (n, c, 1, 1))
        return self.node("Mul", [t, mean], self.shapes[t])
