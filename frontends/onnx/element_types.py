"""Element types: from ONNX's numbers to DTypes, and back."""

from onnx import TensorProto

from tmpass.base import dtypes
from tmpass.base.dtypes import DType

UNDEFINED = 0
"""ONNX's number for an element type that is not known."""

_DTYPES = {
    "FLOAT": dtypes.FLOAT32,
    "DOUBLE": dtypes.FLOAT64,
    "FLOAT16": dtypes.FLOAT16,
    "BFLOAT16": dtypes.BFLOAT16,
    "BOOL": dtypes.BOOL,
    "STRING": dtypes.STRING,
    "INT2": dtypes.INT2,
    "INT4": dtypes.INT4,
    "INT8": dtypes.INT8,
    "INT16": dtypes.INT16,
    "INT32": dtypes.INT32,
    "INT64": dtypes.INT64,
    "UINT2": dtypes.UINT2,
    "UINT4": dtypes.UINT4,
    "UINT8": dtypes.UINT8,
    "UINT16": dtypes.UINT16,
    "UINT32": dtypes.UINT32,
    "UINT64": dtypes.UINT64,
    "COMPLEX64": dtypes.COMPLEX64,
    "COMPLEX128": dtypes.COMPLEX128,
    "FLOAT4E2M1": dtypes.FLOAT4E2M1,
    # Six bits each, four elements in three bytes.
    "FLOAT6E2M3": DType("float6e2m3", 6),
    "FLOAT6E3M2": DType("float6e3m2", 6),
    "FLOAT8E4M3FN": dtypes.FLOAT8E4M3FN,
    "FLOAT8E4M3FNUZ": dtypes.FLOAT8E4M3FNUZ,
    "FLOAT8E5M2": dtypes.FLOAT8E5M2,
    "FLOAT8E5M2FNUZ": dtypes.FLOAT8E5M2FNUZ,
    "FLOAT8E8M0": dtypes.FLOAT8E8M0,
}

# An old onnx lacks the names of newer element types, but it cannot read a file that has them either.
_BY_NUMBER = {number: _DTYPES[name] for name, number in TensorProto.DataType.items() if name in _DTYPES}

_UNKNOWN = DType("unknown", None, "the file gives no element type and shape inference finds none", known=False)


def dtype_of(element: int) -> DType:
    """Return the DType of a TensorProto.DataType number; for an unknown number, a DType that is not `known`."""
    if element == UNDEFINED:
        return _UNKNOWN
    known = _BY_NUMBER.get(element)
    return known or DType(
        f"onnx type {element}", None, "the installed onnx does not know this element type", known=False
    )


def element_of(dtype: DType) -> int:
    """Return the TensorProto.DataType number of `dtype`, UNDEFINED where it has none."""
    return next((number for number, known in _BY_NUMBER.items() if known == dtype), UNDEFINED)
