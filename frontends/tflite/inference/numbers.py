"""Values of integer tensors that follow from constants and shapes before a run; other shapes depend on them."""

from collections.abc import Callable

from .. import option_schema as schema
from .op_context import MOST_VALUES, Dim, OpContext, Shape, Unknown

_MOST = {"int32": 2**31 - 1, "int64": 2**63 - 1}
"""The largest number of each element type. Beyond it, kernels wrap around."""


def _shape(op: OpContext) -> Shape:
    return op.shape(0)


def _rank(op: OpContext) -> Shape:
    return (len(op.shape(0)),)


def _passed(op: OpContext) -> Shape:
    return op.numbers(0)


def _cast(op: OpContext) -> Shape:
    if op.dtype(0) not in ("int32", "int64"):
        raise Unknown
    return op.numbers(0)


def _joined(op: OpContext) -> Shape:
    """The elements of a CONCATENATION along the only axis, or of a PACK of single numbers."""
    if len(op.inputs) > MOST_VALUES:
        raise Unknown
    return tuple(number for position in range(len(op.inputs)) for number in op.numbers(position))


def _packed(op: OpContext) -> Shape:
    if any(op.shape(position) for position in range(len(op.inputs))):
        raise Unknown
    return _joined(op)


def _concatenated(op: OpContext) -> Shape:
    if any(len(op.shape(position)) != 1 for position in range(len(op.inputs))):
        raise Unknown
    return _joined(op)


def _gathered(op: OpContext) -> Shape:
    numbers, places = op.numbers(0), op.whole(1)
    if len(op.shape(0)) != 1 or any(not 0 <= place < len(numbers) for place in places):
        raise Unknown
    return tuple(numbers[place] for place in places)


def _sliced(op: OpContext) -> Shape:
    numbers, begin, length = op.numbers(0), op.whole(1), op.whole(2)
    if len(op.shape(0)) != 1 or len(begin) != 1 or len(length) != 1 or begin[0] < 0:
        raise Unknown
    return numbers[begin[0] :] if length[0] < 0 else numbers[begin[0] : begin[0] + length[0]]


def _stepped(op: OpContext) -> Shape:
    field, numbers = schema.StridedSliceOptions, op.numbers(0)
    options = op.options(field.NUMBER)
    begin, end, step = op.whole(1), op.whole(2), op.whole(3)
    odd = (field.ELLIPSIS_MASK, field.NEW_AXIS_MASK, field.OFFSET)
    if len(op.shape(0)) != 1 or not len(begin) == len(end) == len(step) == 1 or not step[0]:
        raise Unknown
    if any(options.scalar(mask) for mask in odd):
        raise Unknown
    if options.scalar(field.SHRINK_AXIS_MASK) & 1:
        at = begin[0] + len(numbers) * (begin[0] < 0)
        if not 0 <= at < len(numbers):
            raise Unknown
        return (numbers[at],)
    first = None if options.scalar(field.BEGIN_MASK) & 1 else begin[0]
    last = None if options.scalar(field.END_MASK) & 1 else end[0]
    return numbers[first : last : step[0]]


def _product(op: OpContext) -> Shape:
    """The only element of a REDUCE_PROD over all axes."""
    total = 1
    if len(op.shape(0)) != 1 or not op.whole(1):
        raise Unknown
    for number in op.whole(0):
        total *= number
    return (total,)


def _combined(op: OpContext) -> Shape:
    one, other = op.numbers(0), op.numbers(1)
    if 1 not in (len(one), len(other)) and _without_ones(op.shape(0)) != _without_ones(op.shape(1)):
        raise Unknown  # both are broadcast: [2, 1] and [2] make [2, 2]
    options = schema.ArithmeticOptions
    number = options.NUMBERS.get(op.kind)
    if number is not None and op.options(number).scalar(options.FUSED_ACTIVATION):
        raise Unknown  # a SUB with RELU is never below zero
    count = max(len(one), len(other)) if one and other else 0
    one, other = (numbers * count if len(numbers) == 1 else numbers for numbers in (one, other))
    return tuple(_combine(op.kind, a, b) for a, b in zip(one, other, strict=True))


def _without_ones(shape: Shape) -> Shape:
    """`shape` from its first axis that is not 1 on."""
    first = next((axis for axis, dim in enumerate(shape) if dim != 1), len(shape))
    return shape[first:]


def _combine(kind: str, one: Dim, other: Dim) -> Dim:
    if kind == "MUL" and 1 in (one, other):
        return other if one == 1 else one
    if not isinstance(one, int) or not isinstance(other, int):
        return None
    if kind == "ADD":
        return one + other
    if kind == "SUB":
        return one - other
    if kind == "MUL":
        return one * other
    if kind == "MAXIMUM":
        return max(one, other)
    if kind == "MINIMUM":
        return min(one, other)
    if other == 0:
        return None
    return one // other if kind == "FLOOR_DIV" or (one < 0) == (other < 0) else -(-one // other)


NUMBER_RULES: dict[str, Callable[[OpContext], Shape]] = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "MAXIMUM", "MINIMUM"), _combined),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _passed),
    "CAST": _cast,
    "CONCATENATION": _concatenated,
    "GATHER": _gathered,
    "PACK": _packed,
    "RANK": _rank,
    "REDUCE_PROD": _product,
    "SHAPE": _shape,
    "SLICE": _sliced,
    "STRIDED_SLICE": _stepped,
}
"""Rules by the name of a built-in operator. Each returns the elements of the output, in order."""


def known_numbers(op: OpContext) -> Shape | None:
    """The elements of the output of `op`, None for an unknown element; or None if `op` has no rule."""
    rule = NUMBER_RULES.get(op.kind)
    try:
        numbers = rule(op) if rule is not None else None
    except (Unknown, IndexError):
        return None
    if numbers is None or len(numbers) > MOST_VALUES:
        return None
    most = _MOST.get(op.tensors[op.outputs[0]].dtype.name, 0)
    return tuple(None if isinstance(n, int) and not -most <= n <= most else n for n in numbers)
