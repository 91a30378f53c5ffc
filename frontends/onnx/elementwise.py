"""Element-wise operators, and operators that draw random numbers."""

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
"""Element-wise with at most two inputs: with more, kernels may write the result before they read the third."""

_ELEMENTWISE = frozenset((*_UNARY.split(), *_MORE.split()))

RANDOM = frozenset(
    {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"}
)
"""Operators that draw from a generator whenever they run."""


def is_elementwise(node: NodeProto) -> bool:
    """Whether element i of the result depends only on elements i of the inputs with the same shape."""
    if node.domain or len(node.output) != 1:
        return False
    if node.op_type == "Gelu" and any(a.name == "approximate" and a.s == b"tanh" for a in node.attribute):
        return False  # ONNX Runtime's kernel for it reads its input again after it has begun to write
    return node.op_type in _ELEMENTWISE or (node.op_type in _ANY_NUMBER and len(node.input) <= 2)
