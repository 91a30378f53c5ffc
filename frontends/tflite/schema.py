"""Layout of the TFLite schema: the number and the layout of each field that tmpass reads.

There is one class for each table of the schema, with the same name.

Source: `schema.fbs` of LiteRT, version 3 of the format.
"""

from struct import Struct

from .flatbuffer import Field, Scalar

_BOOL, _INT8, _UINT8 = Struct("<?"), Struct("<b"), Struct("<B")
_INT32, _UINT32, _UINT64 = Struct("<i"), Struct("<I"), Struct("<Q")

VERSION = 3
"""The only `Model.version` there is."""

OFFLINE_PLAN = "OfflineMemoryAllocation"
"""The name of the metadata entry in which TensorFlow Lite Micro looks for planned offsets."""

HEADING = "tmpass.plan"
"""The name of the metadata entry with what a plan was made for. Only tmpass reads it."""


class Model:
    """The root table. FIELDS, here and below, is the number of fields, in classes that list all of them."""

    FIELDS = 10
    VERSION = Scalar(0, "version", _UINT32)
    OPERATOR_CODES = Field(1, "operator_codes")
    SUBGRAPHS = Field(2, "subgraphs")
    DESCRIPTION = Field(3, "description")
    BUFFERS = Field(4, "buffers")
    METADATA_BUFFER = Field(5, "metadata_buffer")
    METADATA = Field(6, "metadata")
    SIGNATURE_DEFS = Field(7, "signature_defs")
    EXTERNAL_BUFFER_GROUPS = Field(8, "external_buffer_groups")
    EXTERNAL_BUFFERS = Field(9, "external_buffers")


class SubGraph:
    """Tensors, and operators in the order in which they run."""

    FIELDS = 6
    TENSORS = Field(0, "tensors")
    INPUTS = Field(1, "inputs")
    OUTPUTS = Field(2, "outputs")
    OPERATORS = Field(3, "operators")
    NAME = Field(4, "name")
    DEBUG_METADATA_INDEX = Scalar(5, "debug_metadata_index", _INT32)


class Tensor:
    """A value; its data, if it has any, is in a buffer of the model or outside the file."""

    SHAPE = Field(0, "shape")
    TYPE = Scalar(1, "type", _INT8)
    BUFFER = Scalar(2, "buffer", _UINT32)
    NAME = Field(3, "name")
    QUANTIZATION = Field(4, "quantization")
    IS_VARIABLE = Scalar(5, "is_variable", _BOOL)
    SPARSITY = Field(6, "sparsity")
    SHAPE_SIGNATURE = Field(7, "shape_signature")
    HAS_RANK = Scalar(8, "has_rank", _BOOL)
    EXTERNAL_BUFFER = Scalar(10, "external_buffer", _UINT32)


class QuantizationParameters:
    """The scales and zero points of a quantized tensor."""

    MIN = Field(0, "min")
    MAX = Field(1, "max")
    SCALE = Field(2, "scale")
    ZERO_POINT = Field(3, "zero_point")
    DETAILS = Field(5, "details")
    QUANTIZED_DIMENSION = Scalar(6, "quantized_dimension", _INT32)


class Operator:
    """An operator: the index of its operator code, and the indices of its tensors."""

    FIELDS = 14
    OPCODE_INDEX = Scalar(0, "opcode_index", _UINT32)
    INPUTS = Field(1, "inputs")
    OUTPUTS = Field(2, "outputs")
    BUILTIN_OPTIONS_TYPE = Scalar(3, "builtin_options_type", _UINT8)
    BUILTIN_OPTIONS = Field(4, "builtin_options")
    CUSTOM_OPTIONS = Field(5, "custom_options")
    CUSTOM_OPTIONS_FORMAT = Scalar(6, "custom_options_format", _INT8)
    MUTATING_VARIABLE_INPUTS = Field(7, "mutating_variable_inputs")
    INTERMEDIATES = Field(8, "intermediates")
    LARGE_CUSTOM_OPTIONS_OFFSET = Scalar(9, "large_custom_options_offset", _UINT64)
    LARGE_CUSTOM_OPTIONS_SIZE = Scalar(10, "large_custom_options_size", _UINT64)
    BUILTIN_OPTIONS_2_TYPE = Scalar(11, "builtin_options_2_type", _UINT8)
    BUILTIN_OPTIONS_2 = Field(12, "builtin_options_2")
    DEBUG_METADATA_INDEX = Scalar(13, "debug_metadata_index", _INT32)


class OperatorCode:
    """The kind of an operator: the larger of two codes, since old files only have the first, up to 127."""

    DEPRECATED_BUILTIN_CODE = Scalar(0, "deprecated_builtin_code", _INT8)
    CUSTOM_CODE = Field(1, "custom_code")
    VERSION = Scalar(2, "version", _INT32)
    BUILTIN_CODE = Scalar(3, "builtin_code", _INT32)


class Buffer:
    """Data in the flatbuffer, or `size` bytes behind it at `offset` from the start of the file."""

    DATA = Field(0, "data")
    OFFSET = Scalar(1, "offset", _UINT64)
    SIZE = Scalar(2, "size", _UINT64)


class Metadata:
    """A name for a buffer."""

    NAME = Field(0, "name")
    BUFFER = Scalar(1, "buffer", _UINT32)


class SignatureDef:
    """Public names for a subgraph and its inputs and outputs."""

    INPUTS = Field(0, "inputs")
    OUTPUTS = Field(1, "outputs")
    SIGNATURE_KEY = Field(2, "signature_key")
    SUBGRAPH_INDEX = Scalar(4, "subgraph_index", _UINT32)


class TensorMap:
    """A public name for a tensor."""

    NAME = Field(0, "name")
    TENSOR_INDEX = Scalar(1, "tensor_index", _UINT32)
