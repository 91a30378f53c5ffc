"""Output types of operators that ONNX Runtime defines and ONNX does not.

ONNX Runtime's quantizer and optimizer write them: most in the domain com.microsoft, a few in the default domain, and
some of these with an operator set that does not have them yet. A rule is a function from the known facts about a node
to the types of its outputs. All operators here are pure: their results depend on their inputs only, and they write no
input.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from onnx import NodeProto

from ..opsets import Opsets
from ..value_types import ValueType

if TYPE_CHECKING:
    from ..stored import Value
    from .node_context import Rule

_DOMAINS = frozenset({"com.microsoft", "com.microsoft.nchwc", ""})


def knows(node: NodeProto, opsets: Opsets) -> bool:
    """Whether ONNX does not define the operator of `node`, and there is a rule for it."""
    if node.domain not in _DOMAINS or opsets.defines(node.domain, node.op_type):
        return False
    return (node.domain, node.op_type) in rules()


def infer(
    node: NodeProto, type_of: Callable[[str], ValueType], value_of: "Callable[[str], Value | None]"
) -> dict[str, ValueType]:
    """Return the types of the outputs of `node`, as far as they follow from its inputs.

    Args:
        node: a node for which `knows` is true.
        type_of: the known type of a name.
        value_of: the value of a name, None where it is not known before a run.
    """
    from .node_context import NodeContext

    rule = rules()[node.domain, node.op_type]
    try:
        found = rule(NodeContext(node, type_of, value_of))
    except Exception:
        # The node lacks an input or attribute that the rule reads: its types stay open.
        return {}
    return {name: _without_negative(known) for name, known in zip(node.output, found, strict=False) if name}


def _without_negative(known: ValueType) -> ValueType:
    """Return `known` with negative dimensions as unknown: they come from attributes of a broken node."""
    if known.shape is None:
        return known
    return ValueType(known.element, tuple(None if isinstance(d, int) and d < 0 else d for d in known.shape))


def is_elementwise(node: NodeProto) -> bool:
    """Whether element i of the only output of `node` depends only on elements i of inputs with the same shape."""
    from .elementwise import ELEMENTWISE

    return node.domain == "com.microsoft" and len(node.output) == 1 and node.op_type in ELEMENTWISE


@cache
def rules() -> "dict[tuple[str, str], Rule]":
    """Return the rules that infer the types of outputs, by domain and kind of operator."""
    from . import attention, elementwise, layout, normalization, products, quantized, windows

    found: dict[tuple[str, str], Rule] = {}
    for module in (attention, elementwise, layout, normalization, products, quantized, windows):
        found |= module.RULES
    return found
