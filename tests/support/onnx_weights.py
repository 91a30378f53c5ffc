"""Models with weights: those of other files, and those that are one number, become drawn ones in the file."""

from math import prod

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper


def with_weights(data: bytes, seed: int = 0) -> bytes:
    """A model with drawn weights in the place of those that its file does not have.

    These are tensors in other files, and results of ConstantOfShape over stored shapes, with which all channels
    would be the same.
    """
    model, rng = onnx.load_model_from_string(data), np.random.default_rng(seed)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    positive = {node.input[4] for node in graph.node if node.op_type == "BatchNormalization"}
    for tensor in graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            drawn = _drawn(tuple(tensor.dims), tensor, rng, positive=tensor.name in positive)
            tensor.CopyFrom(numpy_helper.from_array(drawn, tensor.name))
    filled = [n for n in graph.node if n.op_type == "ConstantOfShape" and n.input[0] in stored]
    for node in filled:
        shape = tuple(int(dim) for dim in numpy_helper.to_array(stored[node.input[0]]))
        like = next((a.t for a in node.attribute), TensorProto(data_type=TensorProto.FLOAT))
        drawn = _drawn(shape, like, rng, positive=node.output[0] in positive)
        graph.initializer.append(numpy_helper.from_array(drawn, node.output[0]))
        graph.node.remove(node)
    gone = {node.input[0] for node in filled} - {name for node in graph.node for name in node.input}
    for part in (graph.initializer, graph.input):
        for one in [one for one in part if one.name in gone]:
            part.remove(one)
    model.ir_version = max(model.ir_version, 4)  # before, each initialiser was an input
    names = {tensor.name for tensor in graph.initializer}
    for value in [value for value in graph.input if value.name in names]:
        graph.input.remove(value)
    return model.SerializeToString(deterministic=True)


def _drawn(shape: tuple[int, ...], like: TensorProto, rng: np.random.Generator, *, positive: bool) -> np.ndarray:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(like.data_type)
    if dtype.kind != "f":
        return rng.integers(0, 2, shape).astype(dtype)
    if positive:
        return rng.uniform(0.5, 1.5, shape).astype(dtype)
    return (rng.standard_normal(shape) * (2 / max(1, prod(shape[1:]))) ** 0.5).astype(dtype)
