"""Types that ONNX's own inference omits: optional outputs in older operator sets, reductions over unknown axes."""

from collections.abc import Callable

from onnx import NodeProto, TensorProto

from .reductions import reduced
from .value_types import ValueType


def left_out(node: NodeProto, version: int, type_of: Callable[[str], ValueType]) -> dict[str, ValueType]:
    """Return the types that ONNX's inference omits for outputs of `node`, as far as they are known.

    Args:
        node: a node.
        version: of the default operator set.
        type_of: the known type of a name.
    """
    if node.domain or not node.input:
        return {}
    if node.op_type == "Dropout":
        # The mask covers the data; it became boolean in operator set 10.
        data = type_of(node.input[0])
        return dict.fromkeys(
            node.output[1:], ValueType(TensorProto.BOOL if version >= 10 else data.element, data.shape)
        )
    if node.op_type == "BatchNormalization" and version < 14 and len(node.input) > 1:
        # Running and saved means and variances have one number per channel, as the scale has.
        return dict.fromkeys(node.output[1:], type_of(node.input[1]))
    return reduced(node, type_of)
