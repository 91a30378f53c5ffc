"""Field numbers of onnx.proto, and the keys of the metadata that hold a plan."""

METADATA_IR = 10
"""The first IR version in which nodes, graphs and values can have metadata."""

MODEL_IR, MODEL_GRAPH, MODEL_OPSET, MODEL_METADATA, MODEL_FUNCTION = 1, 7, 8, 14, 25
GRAPH_NODE, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE, GRAPH_METADATA = 1, 11, 12, 13, 16
GRAPH_INITIALIZER, TENSOR_EXTERNAL = 5, 13
NODE_ATTRIBUTE, NODE_METADATA = 5, 9
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11
FUNCTION_NODE = 7
VALUE_NAME, VALUE_METADATA = 1, 4
ENTRY_KEY, ENTRY_VALUE = 1, 2

PREFIX = b"tmpass."
PLAN, ORIGINAL = PREFIX + b"plan", PREFIX + b"original"
ORDER, OFFSET = PREFIX + b"order", PREFIX + b"offset"
ADDED, INPUT = PREFIX + b"added", PREFIX + b"input"
NODES, IMPORTS = PREFIX + b"nodes", PREFIX + b"imports"

SPLIT = PREFIX + b"split"
"""The note on a split, which is not a part of the plan."""
