"""A TFLite model whose inputs and outputs are the integers behind its QUANTIZE and before its DEQUANTIZE."""

from dataclasses import replace

from tmpass.frontends import tflite

from tmpass.graph.draft import compact, unchanged
from tmpass.loading.carrier import load_carrier, open_carrier


def with_integer_ends(source: object) -> bytes:
    """The file of a model without the QUANTIZE of its inputs and the DEQUANTIZE of its outputs.

    Ends that are integers already stay as they are, and so does an input that another operator reads as well.

    Args:
        source: the path or the bytes of a TFLite model with one subgraph.
    """
    carrier = open_carrier(source)
    graph = load_carrier(carrier, {}).graph
    (main,) = graph.subgraphs
    readers = [tensor for op in main.ops for tensor in op.inputs]
    heads = {
        op.inputs[0]: op.outputs[0]
        for op in main.ops
        if op.kind == "QUANTIZE" and op.inputs[0] in main.inputs and readers.count(op.inputs[0]) == 1
    }
    tails = {
        op.outputs[0]: op.inputs[0] for op in main.ops if op.kind == "DEQUANTIZE" and op.outputs[0] in main.outputs
    }
    draft = unchanged(main)
    ops = tuple(op for op in draft.ops if op.inputs[0] not in heads and op.outputs[0] not in tails)
    inputs = tuple(heads.get(tensor, tensor) for tensor in draft.inputs)
    outputs = tuple(tails.get(tensor, tensor) for tensor in draft.outputs)
    return tflite.write_draft(
        carrier.data, graph, compact(replace(draft, ops=ops, inputs=inputs, outputs=outputs)), None
    )
