"""Reading of flatbuffers that may be damaged or hostile: every offset is checked before it is followed.

The core reads them, since a file has a hundred thousand fields and more (`tmpass/core/flatbuffer/`).
"""

from struct import unpack_from

from tmpass._core import FLAT_FIELD_LIMIT as FIELD_LIMIT
from tmpass._core import FlatField as Field
from tmpass._core import FlatScalar as Scalar
from tmpass._core import FlatTable as Table
from tmpass.base.errors import ModelError

__all__ = ["DAMAGED", "FIELD_LIMIT", "Field", "Scalar", "Table", "root_table"]

DAMAGED = "the file is truncated or damaged"


def root_table(data: bytes, kind: str) -> Table:
    """Return the root table of the flatbuffer `data`.

    Raises:
        ModelError: it is outside the file. All methods of tables raise this for what they read.
    """
    if len(data) < 8:
        raise ModelError(f"the file has {len(data)} bytes, too few for a header", hint=DAMAGED)
    position: int = unpack_from("<I", data)[0]
    if position > len(data) - 4:
        raise ModelError(f"the root points to byte {position} of {len(data)}", where=kind, hint=DAMAGED)
    return Table(data, position, kind)
