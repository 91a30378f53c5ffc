"""The element types of TFLite: the schema's enum `TensorType`."""

from tmpass.base import dtypes
from tmpass.base.dtypes import DType

ELEMENT_TYPES: tuple[tuple[str, DType], ...] = (
    ("FLOAT32", dtypes.FLOAT32),
    ("FLOAT16", dtypes.FLOAT16),
    ("INT32", dtypes.INT32),
    ("UINT8", dtypes.UINT8),
    ("INT64", dtypes.INT64),
    ("STRING", dtypes.STRING),
    ("BOOL", dtypes.BOOL),
    ("INT16", dtypes.INT16),
    ("COMPLEX64", dtypes.COMPLEX64),
    ("INT8", dtypes.INT8),
    ("FLOAT64", dtypes.FLOAT64),
    ("COMPLEX128", dtypes.COMPLEX128),
    ("UINT64", dtypes.UINT64),
    ("RESOURCE", dtypes.RESOURCE),
    ("VARIANT", dtypes.VARIANT),
    ("UINT32", dtypes.UINT32),
    ("UINT16", dtypes.UINT16),
    ("INT4", dtypes.INT4),
    ("BFLOAT16", dtypes.BFLOAT16),
    ("INT2", dtypes.INT2),
    ("UINT4", dtypes.UINT4),
    ("FLOAT8_E4M3FN", dtypes.FLOAT8E4M3FN),
    ("FLOAT8_E5M2", dtypes.FLOAT8E5M2),
)
"""At index n, the schema's name of element type n, and its DType."""
