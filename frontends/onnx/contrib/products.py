"""Matrix products."""

from ..value_types import Hole, ValueType
from .node_context import FLOAT, INT32, MICROSOFT, UNKNOWN, NodeContext, Rule, as_float, of, standard


def _transposed(shape: tuple[Hole, ...] | None, *, batch: bool, last: bool) -> tuple[Hole, ...] | None:
    """Return `shape` with its axes transposed as FusedMatMul does.

    With `batch` the first axis moves to the place before the last; with `last` the last two axes are swapped.
    """
    if shape is None:
        return None
    if batch and len(shape) > 2:
        shape = (*shape[1:-1], shape[0], shape[-1])
    if last and len(shape) > 1:
        shape = (*shape[:-2], shape[-1], shape[-2])
    return shape


def matmul(one: int, two: int, element: int = 0) -> Rule:
    """A rule for the matrix product of inputs `one` and `two`, with the element type of input `element`."""

    def rule(node: NodeContext) -> list[ValueType]:
        a = _transposed(node.shape(one), batch=bool(node.number("transBatchA")), last=bool(node.number("transA")))
        b = _transposed(node.shape(two), batch=bool(node.number("transBatchB")), last=bool(node.number("transB")))
        return [of(node.element(element), standard("MatMul", [of(FLOAT, a), of(FLOAT, b)]).shape)]

    return rule


def _gemm(node: NodeContext, b: int) -> tuple[Hole, ...] | None:
    given = [as_float(node.type(0)), as_float(node.type(b))]
    return standard("Gemm", given, **node.attributes("transA", "transB")).shape


def _quantized_gemm(node: NodeContext) -> list[ValueType]:
    """The type of QGemm. Its result has float elements if it has no zero point."""
    return [of(node.element(8) if node.has(8) else FLOAT, _gemm(node, 3))]


def _packed(node: NodeContext) -> list[ValueType]:
    """The type of A x B where B is packed, so its shape does not tell.

    The last dimension is N, or K if `transB` is 0 (never for MatMulNBits).
    """
    shape = node.shape(0)
    if shape is None:
        return [UNKNOWN]
    width = node.number("N") if node.number("transB", 1) or node.node.op_type == "MatMulNBits" else node.number("K")
    return [of(node.element(0), [*shape[:-1], width])]


def _integers(node: NodeContext) -> list[ValueType]:
    return [of(INT32, standard("MatMul", [as_float(node.type(0)), as_float(node.type(1))]).shape)]


RULES: dict[tuple[str, str], Rule] = {
    (MICROSOFT, "DynamicQuantizeMatMul"): matmul(0, 1),
    (MICROSOFT, "FusedGemm"): lambda node: [of(node.element(0), _gemm(node, 1))],
    (MICROSOFT, "FusedMatMul"): matmul(0, 1),
    (MICROSOFT, "FusedMatMulActivation"): matmul(0, 1),
    (MICROSOFT, "GemmFastGelu"): matmul(0, 1),
    (MICROSOFT, "MatMulBnb4"): _packed,
    (MICROSOFT, "MatMulInteger16"): _integers,
    (MICROSOFT, "MatMulIntegerToFloat"): matmul(0, 1, element=2),
    (MICROSOFT, "MatMulNBits"): _packed,
    (MICROSOFT, "QGemm"): _quantized_gemm,
    (MICROSOFT, "TransposeMatMul"): matmul(0, 1),
}
