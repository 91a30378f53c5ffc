"""What ONNX's own inference leaves out: optional outputs in older operator sets, reductions by axes not known."""

from collections.abc import Callable

from onnx import NodeProto, TensorProto

from .reductions import reduced
from .value_types import ValueType


def left_out(node: NodeProto, version: int, type_of: Callable[[str], ValueType]) -> dict[str, ValueType]:
    """Return the types of such outputs of `node`, also in part; `version` is that of the default operator set."""
    if node.domain or not node.input:
        return {}
    if node.op_type == "Dropout":
        # The mask covers the data; it became boolean in operator set 10.
        data = type_of(node.input[0])
        return dict.fromkeys(
            node.output[1:], ValueType(TensorProto.BOOL if version >= 10 else data.element, data.shape)
        )
    if node.op_type == "BatchNormalization" and version < 14 and len(node.input) > 1:
        # Means and variances, running and saved: one number per channel, as the scale has.
        return dict.fromkeys(node.output[1:], type_of(node.input[1]))
    return reduced(node, type_of)
