"""Element types: their names, and the bits of one element where they are known."""

from tmpass.base.record import record


@record
class DType:
    """An element type of a tensor.

    Fields:
        name: in lower case, as numpy writes it where numpy has the type.
        bits: of one element, packed (int4 has 4); None where an element has no static size.
        reason: why `bits` is None.
        known: False where the type itself is not known. Such a tensor may need bytes.
    """

    name: str
    bits: int | None
    reason: str = ""
    known: bool = True


BOOL = DType("bool", 8)
INT2, UINT2 = DType("int2", 2), DType("uint2", 2)
INT4, UINT4 = DType("int4", 4), DType("uint4", 4)
INT8, UINT8 = DType("int8", 8), DType("uint8", 8)
INT16, UINT16 = DType("int16", 16), DType("uint16", 16)
INT32, UINT32 = DType("int32", 32), DType("uint32", 32)
INT64, UINT64 = DType("int64", 64), DType("uint64", 64)
FLOAT16, BFLOAT16 = DType("float16", 16), DType("bfloat16", 16)
FLOAT32, FLOAT64 = DType("float32", 32), DType("float64", 64)
COMPLEX64, COMPLEX128 = DType("complex64", 64), DType("complex128", 128)
FLOAT4E2M1 = DType("float4e2m1", 4)
FLOAT8E4M3FN, FLOAT8E4M3FNUZ = DType("float8e4m3fn", 8), DType("float8e4m3fnuz", 8)
FLOAT8E5M2, FLOAT8E5M2FNUZ = DType("float8e5m2", 8), DType("float8e5m2fnuz", 8)
FLOAT8E8M0 = DType("float8e8m0", 8)
STRING = DType("string", None, "strings have no static size")
RESOURCE = DType("resource", None, "a resource handle has no bytes in the arena: the runtime keeps what it names")
VARIANT = DType("variant", None, "a variant has no static size")


def packed_bytes(elements: int, bits: int) -> int:
    """The bytes of `elements` packed elements of `bits` bits each, rounded up to a whole byte."""
    return (elements * bits + 7) // 8
