"""Operators that compute element i of their result from element i of inputs of its shape, and draws at random."""

from onnx import NodeProto

_UNARY = """
    Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh DequantizeLinear Elu Erf Exp
    Floor Gelu HardSigmoid HardSwish IsInf IsNaN LeakyRelu Log Mish Neg Not PRelu QuantizeLinear Reciprocal Relu Round
    Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu
"""

_MORE = """
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Mod Mul Or Pow
    Sub Where Xor
"""

_ANY_NUMBER = frozenset({"Max", "Mean", "Min", "Sum"})
"""Kernels may write the result after the first two inputs, and read the others then."""

_ELEMENTWISE = frozenset((*_UNARY.split(), *_MORE.split()))

RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)
"""Operators that draw from a generator whenever they run."""


def is_elementwise(node: NodeProto) -> bool:
    """Whether `node` works element by element."""
    if node.domain or len(node.output) != 1:
        return False
    if node.op_type == "Gelu" and any(a.name == "approximate" and a.s == b"tanh" for a in node.attribute):
        return False  # ONNX Runtime's kernel of this form reads its input again after it has begun to write
    return node.op_type in _ELEMENTWISE or (node.op_type in _ANY_NUMBER and len(node.input) <= 2)
