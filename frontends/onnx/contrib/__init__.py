"""Operators that ONNX does not define and ONNX Runtime does: the shapes of what they make.

Its quantizer and its optimizer write them: most in the domain com.microsoft, a few in the default domain, some of these
before the operator set that has them. Each rule is a function from what is known of a node to the types of its outputs.
All operators here are pure: what they make follows from what they read, which they leave alone.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from onnx import NodeProto

from ..opsets import Opsets
from ..value_types import ValueType

if TYPE_CHECKING:
    from ..stored import Value
    from .call import Rule

_DOMAINS = frozenset({"com.microsoft", "com.microsoft.nchwc", ""})


def knows(node: NodeProto, opsets: Opsets) -> bool:
    """Whether there is a rule for `node`, which ONNX does not define."""
    if node.domain not in _DOMAINS or opsets.defines(node.domain, node.op_type):
        return False
    return (node.domain, node.op_type) in rules()


def infer(
    node: NodeProto, type_of: Callable[[str], ValueType], value_of: "Callable[[str], Value | None]"
) -> dict[str, ValueType]:
    """Return the types of the outputs of `node`, as far as they follow from its inputs.

    Args:
        node: one that `knows` knows.
        type_of: what is known of a type.
        value_of: the value of a tensor, where it is known before a run.
    """
    from .call import Call

    rule = rules()[node.domain, node.op_type]
    try:
        found = rule(Call(node, type_of, value_of))
    except Exception:
        # A node that does not have what the rule asks for stays as open as it was.
        return {}
    return {name: _sane(known) for name, known in zip(node.output, found, strict=False) if name}


def _sane(known: ValueType) -> ValueType:
    """`known` without dimensions below zero, which attributes of a broken node give."""
    if known.shape is None:
        return known
    return ValueType(known.element, tuple(None if isinstance(d, int) and d < 0 else d for d in known.shape))


def is_elementwise(node: NodeProto) -> bool:
    """Whether element i of the only output of `node` depends on element i of inputs of its shape, and on no other."""
    from .elementwise import ELEMENTWISE

    return node.domain == "com.microsoft" and len(node.output) == 1 and node.op_type in ELEMENTWISE


@cache
def rules() -> "dict[tuple[str, str], Rule]":
    """Return the rules by domain and kind of operator."""
    from . import attention, elementwise, layout, normalization, products, quantized, windows

    found: dict[tuple[str, str], Rule] = {}
    for module in (attention, elementwise, layout, normalization, products, quantized, windows):
        found |= module.RULES
    return found
