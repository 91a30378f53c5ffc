"""ONNX models of one node, and what to feed them."""

import numpy as np
from onnx import ValueInfoProto, helper, numpy_helper


def model_of(kind, inputs, outputs, attributes, domain, opset=13):
    """One node; inputs that are values are stored, None are left out; of the outputs those at the places `outputs`."""
    places = tuple(range(outputs)) if isinstance(outputs, int) else outputs
    names, given, stored = [], [], []
    for n, one in enumerate(inputs):
        names.append("" if one is None else f"i{n}")
        if isinstance(one, tuple):
            given.append(
                helper.make_tensor_value_info(f"i{n}", helper.np_dtype_to_tensor_dtype(np.dtype(one[0])), one[1])
            )
        elif one is not None:
            stored.append(numpy_helper.from_array(np.asarray(one), f"i{n}"))
    made = [f"o{n}" if n in places else "" for n in range(max(places) + 1)]
    node = helper.make_node(kind, names, made, domain=domain, **attributes)
    results = [ValueInfoProto(name=name) for name in made if name]
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    graph = helper.make_graph([node], "g", given, results, stored)
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def feeds_of(model):
    rng = np.random.default_rng(0)
    feeds = {}
    for value in model.graph.input:
        kind = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        feeds[value.name] = (rng.random(shape) * 2).astype(kind)
    return feeds
