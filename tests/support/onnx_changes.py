"""Changes of split ONNX models: one attribute, one constant, one edge, or one operand of a cut."""

import random
from collections.abc import Callable

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, numpy_helper


def changed(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """What was changed, and the changed file."""
    model = onnx.load_model_from_string(data)
    for _ in range(50):
        name = rng.choice(sorted(CHANGES))
        if CHANGES[name](model, rng):
            return name, model.SerializeToString(deterministic=True)
    raise AssertionError("nothing can be changed")


def _attribute(model: ModelProto, rng: random.Random) -> bool:
    """Another pad, stride, dilation, group, axis or number of an attribute."""
    places = [a for node in model.graph.node if node.op_type != "Constant" for a in node.attribute]
    if not places:
        return False
    a = rng.choice(places)
    if a.ints:
        at = rng.randrange(len(a.ints))
        a.ints[at] = max(0, a.ints[at] + rng.choice([-1, 1]))
    elif a.type == onnx.AttributeProto.INT:
        a.i = max(0, a.i + rng.choice([-1, 1]))
    elif a.type == onnx.AttributeProto.FLOAT:
        a.f += 0.5
    elif a.s in (b"SAME_UPPER", b"SAME_LOWER"):
        a.s = b"SAME_LOWER" if a.s == b"SAME_UPPER" else b"SAME_UPPER"
    else:
        return False
    return True


def _number(model: ModelProto, rng: random.Random) -> bool:
    """Another element of a constant: a weight, a scale, or where a cut begins or ends."""
    tensor = rng.choice(model.graph.initializer)
    values = np.array(numpy_helper.to_array(tensor))
    if not values.size:
        return False
    at = rng.randrange(values.size)
    whole = values.dtype.kind in "iu"
    values.flat[at] = values.flat[at] ^ 1 if whole else values.flat[at] + 0.25
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return True


def _parts(model: ModelProto, rng: random.Random) -> bool:
    """Two parts of a Concat in each other's place, or one in the place of another."""
    nodes = [node for node in model.graph.node if node.op_type == "Concat" and len(node.input) > 1]
    if not nodes:
        return False
    node = rng.choice(nodes)
    a, b = rng.sample(range(len(node.input)), 2)
    if rng.random() < 0.5:
        node.input[a], node.input[b] = node.input[b], node.input[a]
    else:
        node.input[a] = node.input[b]
    return True


def _edge(model: ModelProto, rng: random.Random) -> bool:
    """Another constant in the place of one: the piece of another group, or another operator's weights."""
    names = [tensor.name for tensor in model.graph.initializer]
    nodes = [node for node in model.graph.node if any(name in names for name in node.input)]
    if not nodes or len(names) < 2:
        return False
    node = rng.choice(nodes)
    at = rng.choice([at for at, name in enumerate(node.input) if name in names])
    node.input[at] = rng.choice([name for name in names if name != node.input[at]])
    return True


def _source(model: ModelProto, rng: random.Random) -> bool:
    """Another tensor in the place of one that an operator reads."""
    graph: GraphProto = model.graph
    made = [value.name for value in graph.input]
    at = rng.randrange(len(graph.node))
    for node in graph.node[:at]:
        made += [name for name in node.output if name]
    node = graph.node[at]
    places = [n for n, name in enumerate(node.input) if name in made]
    if not places or len(made) < 2:
        return False
    node.input[rng.choice(places)] = rng.choice(made)
    return True


CHANGES: dict[str, Callable[[ModelProto, random.Random], bool]] = {
    "attribute": _attribute, "number": _number, "parts": _parts, "edge": _edge, "source": _source,
}  # fmt: skip
"""By name: each changes a model in place, and says whether it could."""
