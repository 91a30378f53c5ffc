"""Attention, and the present keys and values that it outputs."""

from ..value_types import Hole, ValueType
from .node_context import MICROSOFT, UNKNOWN, NodeContext, Rule, of, over, plus, times

Shape = tuple[Hole, ...]


def _attention(node: NodeContext) -> list[ValueType]:
    """The types of Attention: result and present, from input, weights (Q | K | V), bias, mask and past."""
    sizes = node.numbers("qkv_hidden_sizes")
    wide = _columns(node.shape(1)) or _columns(node.shape(2))
    return _self_attention(node, sizes[2] if sizes else over(wide, 3), sizes, node.element(0), past=4)


def _quantized(node: NodeContext) -> list[ValueType]:
    """The types of QAttention: result and present, both with the element type of the first scale (input 3)."""
    wide = _columns(node.shape(1)) or _columns(node.shape(2))
    return _self_attention(node, over(wide, 3), [], node.element(3), past=8)


def _columns(shape: Shape | None) -> Hole:
    return shape[-1] if shape else None


def _self_attention(node: NodeContext, hidden: Hole, sizes: list[int], element: int, *, past: int) -> list[ValueType]:
    shape, heads = node.shape(0), node.number("num_heads")
    if shape is None or len(shape) != 3:
        return [UNKNOWN]
    result = of(element, [*shape[:2], hidden])
    before = node.shape(past)
    if node.has(past) and before is None:
        return [result]
    if before is not None and node.number("past_present_share_buffer"):
        return [result, of(element, before)]
    length = plus(before[3], shape[1]) if before is not None and len(before) == 5 else shape[1]
    size = over(sizes[0] if sizes else hidden, heads)
    return [result, of(element, [2, shape[0], heads, length, size])]


def _multi_head(node: NodeContext) -> list[ValueType]:
    """The types of MultiHeadAttention: result, present keys, present values."""
    query, key, value = node.shape(0), node.shape(1), node.shape(2)
    heads, element = node.number("num_heads"), node.element(0)
    if query is None or (node.has(1) and key is None) or (node.has(2) and value is None):
        return [UNKNOWN]
    length, size, value_size = query[1], over(query[2], heads) if len(query) == 3 else None, None
    hidden: Hole = query[2] if len(query) == 3 else None
    if len(query) == 5:  # queries, keys and values in one
        size = value_size = query[4]
        hidden = times(query[4], heads)
    elif key is not None and len(key) == 5:  # keys and values in one
        length, value_size = key[1], key[4]
    elif key is not None and value is not None:
        length = key[1] if len(key) == 3 else key[2]
        value_size = over(value[2], heads) if len(value) == 3 else value[3]
        hidden = value[2] if len(value) == 3 else times(value[3], heads)
    past = node.shape(6)
    if node.has(6) and past is None:
        return [of(element, [*query[:2], hidden])]
    if past is not None:
        # Keys of four axes belong to another sequence, and do not grow.
        length = past[2] if node.number("past_present_share_buffer") else plus(past[2], length)
    present = [of(element, [query[0], heads, length, each]) for each in (size, value_size)]
    return [of(element, [*query[:2], hidden]), *present]


def _grouped(node: NodeContext) -> list[ValueType]:
    """The types of GroupQueryAttention: result, present keys, present values."""
    query, past = node.shape(0), node.shape(3)
    heads, groups, element = node.number("num_heads"), node.number("kv_num_heads"), node.element(0)
    if query is None or len(query) != 3 or heads <= 0 or groups <= 0:
        return [UNKNOWN]
    packed = not node.has(1)
    size = over(query[2], heads + 2 * groups if packed else heads)
    result = of(element, [*query[:2], times(size, heads) if packed else query[2]])
    total = node.value(6)
    length: Hole = None
    if not node.has(3):
        length = int(total.item()) if total is not None else None
    elif past is not None and total is not None and isinstance(past[2], int):
        length = max(past[2], int(total.item()))
    present = of(node.element(3) or element, [query[0], groups, length, size])
    return [result, present, present]


RULES: dict[tuple[str, str], Rule] = {
    (MICROSOFT, "Attention"): _attention,
    (MICROSOFT, "GroupQueryAttention"): _grouped,
    (MICROSOFT, "MultiHeadAttention"): _multi_head,
    (MICROSOFT, "QAttention"): _quantized,
}
